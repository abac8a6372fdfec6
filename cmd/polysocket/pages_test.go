package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const testBase = "http://127.0.0.1:8080"

// ask sends a request with these Accept headers to the pages of d.
func ask(t *testing.T, d *dev, method, path string, accept ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, testBase, nil)
	r.URL.Path = path
	r.Header["Accept"] = accept
	w := httptest.NewRecorder()
	d.pages(t.Context(), testBase).ServeHTTP(w, r)
	return w.Result()
}

func bodyOf(t *testing.T, response *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// The playground opens whatever its link says at one click, which no other page is to
// have somebody make.
func TestPlaygroundIsNotFramed(t *testing.T) {
	response := ask(t, &dev{}, http.MethodGet, "/", "text/html")
	if got := response.Header.Get("Content-Security-Policy"); got != "frame-ancestors 'none'" {
		t.Errorf("Content-Security-Policy: %q", got)
	}
	if got := response.Header.Get("X-Frame-Options"); got != "DENY" {
		t.Errorf("X-Frame-Options: %q", got)
	}
}

// Browsers get the playground, and whoever does not say that it takes HTML the
// lines to type.
func TestHome(t *testing.T) {
	const plain, html = "text/plain; charset=utf-8", "text/html; charset=utf-8"
	for _, test := range []struct {
		name   string
		accept []string
		want   string
	}{
		{"nothing", nil, plain},
		{"an empty one", []string{""}, plain},
		{"curl", []string{"*/*"}, plain},
		{"fetch", []string{"application/json, text/plain, */*"}, plain},
		{"any text", []string{"text/*"}, plain},
		{"Chrome", []string{"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"}, html},
		{"Internet Explorer 9", []string{"text/html, application/xhtml+xml, */*"}, html},
		{"in the end, with a weight", []string{"text/plain, TEXT/HTML ;q=0.5"}, html},
		{"a second header", []string{"image/png", "text/html"}, html},
		{"another type that begins so", []string{"text/html-fragment, x-text/html"}, plain},
	} {
		response := ask(t, &dev{}, http.MethodGet, "/", test.accept...)
		if got := response.Header.Get("Content-Type"); got != test.want || response.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s, want %s", test.name, response.StatusCode, got, test.want)
		}
		if got := response.Header.Get("Vary"); got != "Accept" {
			t.Errorf("%s: Vary: %s", test.name, got)
		}
		if body := bodyOf(t, response); strings.Contains(body, "<!doctype html>") != (test.want == html) {
			t.Errorf("%s: %.60s", test.name, body)
		}
	}
}

func TestPlaygroundFiles(t *testing.T) {
	files := map[string]string{"/": "text/html; charset=utf-8"}
	embedded, err := playgroundFiles.ReadDir("playground")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range embedded {
		if want := playgroundTypes[path.Ext(entry.Name())]; want != "" {
			files["/playground/"+entry.Name()] = want
		} else if entry.Name() != "index.html" {
			t.Errorf("%s is embedded, and has no type", entry.Name())
		}
	}
	for path, want := range files {
		response := ask(t, &dev{}, http.MethodGet, path, "text/html")
		if got := response.Header.Get("Content-Type"); got != want || response.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s, want %s", path, response.StatusCode, got, want)
		}
		if got := response.Header.Get("Cache-Control"); got != "no-cache" {
			t.Errorf("%s: Cache-Control: %s", path, got)
		}
		if bodyOf(t, response) == "" {
			t.Errorf("%s is empty", path)
		}
		if response := ask(t, &dev{}, http.MethodHead, path, "text/html"); response.StatusCode != http.StatusOK {
			t.Errorf("HEAD %s: %d", path, response.StatusCode)
		}
		response = ask(t, &dev{}, http.MethodPost, path, "text/html")
		if got := response.Header.Get("Allow"); got != "OPTIONS, GET, HEAD" || response.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %d, Allow: %s", path, response.StatusCode, got)
		}
	}
	for _, path := range []string{
		"/playground", "/playground/", "/playground/index.html", "/playground/nothing.js", "/playground/../playground/words.js",
		"//playground/words.js", "/words.js", "/playground.js", "/nowhere", "",
	} {
		if response := ask(t, &dev{}, http.MethodGet, path, "text/html"); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, response.StatusCode)
		}
	}
}

// The page offers this process's own targets where they may be reached, and only
// there.
func TestPlaygroundTargets(t *testing.T) {
	for _, test := range []struct {
		dev  dev
		want []string
	}{
		{dev{}, []string{"ws://127.0.0.1:8080/echo", "ws://127.0.0.1:8080/time"}},
		{dev{Open: true, AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, nil},
		{dev{Open: true}, nil},
	} {
		page := bodyOf(t, ask(t, &test.dev, http.MethodGet, "/", "text/html"))
		var got []string
		for _, match := range regexp.MustCompile(`data-target="(.*?)"`).FindAllStringSubmatch(page, -1) {
			got = append(got, match[1])
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("with --open %v it offers %q, want %q", test.dev.Open, got, test.want)
		}
		first := `value=""`
		if test.want != nil {
			first = `value="` + test.want[0] + `"`
		}
		if !strings.Contains(page, `id="target" type="url" inputmode="url" `+first) {
			t.Errorf("with --open %v the first target is not %s", test.dev.Open, first)
		}
	}
}

// The page loads nothing from elsewhere, and nothing from here that is not served.
func TestPlaygroundStandsAlone(t *testing.T) {
	page := bodyOf(t, ask(t, &dev{}, http.MethodGet, "/", "text/html"))
	var loads []string
	for _, match := range regexp.MustCompile(`(?:src|href)="(.*?)"`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(match[1], "data:") {
			loads = append(loads, match[1])
		}
	}
	if len(loads) < 3 || !slices.Contains(loads, "polysocket.js") {
		t.Fatalf("it loads %q", loads)
	}
	for _, file := range loads {
		if file == "polysocket.js" {
			continue // the server serves it
		}
		response := ask(t, &dev{}, http.MethodGet, "/"+file)
		if response.StatusCode != http.StatusOK {
			t.Errorf("it loads %s: %d", file, response.StatusCode)
		}
		body := bodyOf(t, response)
		for _, foreign := range []string{"@import", " url(", "://"} {
			if strings.Contains(body, foreign) {
				t.Errorf("%s has %s: it names something elsewhere", file, foreign)
			}
		}
	}
}

// What comes from the flags is text to the page, whatever is in it.
func TestPlaygroundEscapes(t *testing.T) {
	var b bytes.Buffer
	if err := playgroundPage.Execute(&b, playground{Base: `http://<b>`, Echo: `ws://"><script>`, Time: `ws://'`}); err != nil {
		t.Fatal(err)
	}
	for _, raw := range []string{"<b>", `"><script>`} {
		if strings.Contains(b.String(), raw) {
			t.Errorf("%s stands there as it is", raw)
		}
	}
}
