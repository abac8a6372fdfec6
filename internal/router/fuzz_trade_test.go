package router_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/bus/membus"
	"github.com/polysocket/polysocket/internal/router"
	"github.com/polysocket/polysocket/internal/wire"
)

// Whatever is sent to /ticket, there is an answer in JSON, and only what is good makes a
// ticket, which is in the answer alone.
func FuzzTrade(f *testing.F) {
	good := url.Values{"token": {"token"}, "target": {target}, "origin": {ours}}
	f.Add(form, []byte(good.Encode()), "")
	f.Add("application/json", []byte(object(good)), "")
	f.Add(form, []byte("target="+url.QueryEscape(target)), "Bearer token")
	f.Add("text/plain", []byte("origin=null&token=a&token=b"), "Basic x")
	sum := sha256.Sum256([]byte("token"))
	ring, err := auth.NewKeys([]auth.Key{{
		ID: "acme", Tokens: []auth.OpaqueToken{{SHA256: hex.EncodeToString(sum[:])}}, Origins: []string{ours}, Targets: []string{"ws://target.example/*"},
	}}, auth.KeysOptions{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, media string, body []byte, authorization string) {
		kept := &tickets{Bus: membus.New()}
		rt := router.New(router.Options{
			Bus: &fakeBus{}, Tickets: kept, Settings: router.Settings{Auth: ring}, Log: slog.New(slog.DiscardHandler),
		})
		r := httptest.NewRequest(http.MethodPost, "/ticket", strings.NewReader(string(body)))
		r.Header = http.Header{"Content-Type": {media}, "Authorization": {authorization}}
		w := httptest.NewRecorder()
		rt.ServeHTTP(w, r)
		var a struct {
			OK           *bool
			Code, Ticket string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || a.OK == nil || w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Fatalf("%q: %v %v", w.Body, err, w.Header())
		}
		if made := len(kept.kept) > 0; *a.OK != made || (a.Ticket != "") != made || (a.Code == "") != made || (w.Code == http.StatusOK) != made {
			t.Errorf("%d %q", w.Code, w.Body)
		}
		if want := wire.ErrorCode(a.Code).Status(); a.Code != "" && (w.Code != want || want >= 500) {
			t.Errorf("%d %q", w.Code, w.Body)
		}
	})
}
