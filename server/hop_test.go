package server_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/server"
)

// A create whose target is a create opens nothing, however deep they are nested.
func TestHop(t *testing.T) {
	_, base := serve(t, server.Options{AnyTarget: true})
	host := strings.TrimPrefix(base, "http://")
	target := "ws://" + host + "/none"
	for range 3 {
		target = "ws://" + host + "/create?from=x&target=" + url.QueryEscape(target)
		r, err := http.Get(base + "/create?from=x&target=" + url.QueryEscape(target))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(r.Body)
		r.Body.Close()
		if r.StatusCode != http.StatusBadGateway || !strings.Contains(string(body), "answered 403") {
			t.Errorf("%s: %d %s", target, r.StatusCode, body)
		}
	}
	for _, path := range []string{"/create?from=x", "/relay?host=x", "/s/none", "/j/none", "/x/none", "/e/none", "/m"} {
		r, err := http.NewRequest(http.MethodGet, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Polysocket-Hop", "1")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != http.StatusForbidden || !strings.Contains(string(body), "target_denied") {
			t.Errorf("%s: %d %s", path, answer.StatusCode, body)
		}
	}
}
