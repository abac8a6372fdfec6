package main

import (
	"embed"
	"html/template"
	"net/http"
	"path"
	"strings"

	"github.com/polysocket/polysocket/internal/endpoint"
)

//go:embed playground
var playgroundFiles embed.FS

var playgroundPage = template.Must(template.ParseFS(playgroundFiles, "playground/index.html"))

// A playground is the page that tries the relay from a browser: what it has to
// know of the server that it comes from.
type playground struct {
	Base       string
	Echo, Time string // targets to try; empty where they may not be reached
}

func (p playground) write(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// No other page has somebody click here on what its link says.
	w.Header().Set("Content-Security-Policy", "frame-ancestors 'none'")
	w.Header().Set("X-Frame-Options", "DENY") // for old browsers
	_ = playgroundPage.Execute(w, p)          // it fails only where nobody is left to read it
}

// playgroundTypes are the files that the page loads, by their extensions.
var playgroundTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
}

// playgroundFile serves what the page loads: /playground/playground.css.
func playgroundFile(w http.ResponseWriter, r *http.Request) {
	contentType := playgroundTypes[path.Ext(r.URL.Path)]
	body, err := playgroundFiles.ReadFile(strings.TrimPrefix(r.URL.Path, "/"))
	if contentType == "" || err != nil {
		endpoint.NotFound(w)
		return
	}
	if !endpoint.Methods(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(body)
}

// wantsHTML tells whether a request names text/html among what it accepts, as a
// browser does that opens a page. curl does not.
func wantsHTML(r *http.Request) bool {
	for _, header := range r.Header.Values("Accept") {
		for accepted := range strings.SplitSeq(header, ",") {
			media, _, _ := strings.Cut(accepted, ";")
			if strings.EqualFold(strings.TrimSpace(media), "text/html") {
				return true
			}
		}
	}
	return false
}
