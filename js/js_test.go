package js_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/js"
)

// get asks for a path, with headers given as name and value in turn.
func get(method, path string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, "http://relay.example.com"+path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	js.ServeHTTP(w, r)
	return w.Result()
}

func TestServe(t *testing.T) {
	for _, name := range []string{"polysocket.js", "polysocket.min.js", "polysocket.mjs", "polysocket.js.map", "polysocket.min.js.map", "polysocket.mjs.map"} {
		t.Run(name, func(t *testing.T) {
			path := "/" + name
			if !js.Serves(path) {
				t.Error("Serves is false")
			}
			want, err := os.ReadFile("dist/" + name)
			if err != nil {
				t.Fatal(err)
			}
			plain := get("GET", path)
			if body, _ := io.ReadAll(plain.Body); plain.StatusCode != 200 || string(body) != string(want) {
				t.Errorf("%d with %d bytes, want the %d of dist", plain.StatusCode, len(body), len(want))
			}
			kind := "text/javascript; charset=utf-8"
			if strings.HasSuffix(name, ".map") {
				kind = "application/json"
			}
			for header, want := range map[string]string{
				"Content-Type": kind, "Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*",
				"Cross-Origin-Resource-Policy": "cross-origin", "Vary": "Accept-Encoding", "Content-Encoding": "",
			} {
				if got := plain.Header.Get(header); got != want {
					t.Errorf("%s: %q, want %q", header, got, want)
				}
			}

			for _, accept := range []string{"gzip", "br, GZIP;q=0.5", "deflate,gzip"} {
				zipped := get("GET", path, "Accept-Encoding", accept)
				coded, _ := io.ReadAll(zipped.Body)
				if int64(len(coded)) != zipped.ContentLength {
					t.Errorf("%s: Content-Length %d, and %d bytes", accept, zipped.ContentLength, len(coded))
				}
				z, err := gzip.NewReader(bytes.NewReader(coded))
				if err != nil || zipped.Header.Get("Content-Encoding") != "gzip" {
					t.Fatalf("%s: not gzip: %v", accept, err)
				}
				if body, err := io.ReadAll(z); err != nil || string(body) != string(want) {
					t.Errorf("%s: %v, and %d bytes, want the %d of dist", accept, err, len(body), len(want))
				}
				if zipped.Header.Get("ETag") == plain.Header.Get("ETag") {
					t.Error("the ETag is the same with and without gzip")
				}
			}
			for _, accept := range []string{"", "br", "gzip;q=0", "gzip; q=0.000", "*;q=0"} {
				if r := get("GET", path, "Accept-Encoding", accept); r.Header.Get("Content-Encoding") != "" {
					t.Errorf("%q: coded all the same", accept)
				}
			}

			etag := plain.Header.Get("ETag")
			if r := get("GET", path, "If-None-Match", etag); r.StatusCode != 304 || etag == "" {
				t.Errorf("the ETag %s again: %d, want 304", etag, r.StatusCode)
			}
			if r := get("GET", path, "If-None-Match", `"other"`); r.StatusCode != 200 {
				t.Errorf("another ETag: %d, want 200", r.StatusCode)
			}
			if r := get("HEAD", path); r.StatusCode != 200 || r.ContentLength != int64(len(want)) {
				t.Errorf("HEAD: %d, %d bytes, want 200, %d", r.StatusCode, r.ContentLength, len(want))
			}
			if r := get("POST", path); r.StatusCode != 405 || r.Header.Get("Allow") == "" {
				t.Errorf("POST: %d, Allow %q", r.StatusCode, r.Header.Get("Allow"))
			}
		})
	}
}

func TestServesNothingElse(t *testing.T) {
	for _, path := range []string{"/", "/polysocket", "/dist/polysocket.js", "/polysocket.cjs", "/polysocket.js/", "/js.go"} {
		if js.Serves(path) {
			t.Errorf("Serves(%q)", path)
		}
		if r := get("GET", path); r.StatusCode != 404 {
			t.Errorf("%s: %d, want 404", path, r.StatusCode)
		}
	}
}
