// Package js is the browser client as it is served: what build.mjs has made of
// src, so that the binary needs nothing beside it.
package js

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/polysocket/polysocket/internal/endpoint"
)

//go:embed dist/*.js dist/*.mjs dist/*.map
var dist embed.FS

// files are those that pages load, by the path they are served at.
var files = map[string]*file{
	"/polysocket.js":         script("polysocket.js"),
	"/polysocket.js.map":     {name: "polysocket.js.map", contentType: "application/json"},
	"/polysocket.min.js":     script("polysocket.min.js"),
	"/polysocket.min.js.map": {name: "polysocket.min.js.map", contentType: "application/json"},
	"/polysocket.mjs":        script("polysocket.mjs"),
	"/polysocket.mjs.map":    {name: "polysocket.mjs.map", contentType: "application/json"},
}

func script(name string) *file {
	return &file{name: name, contentType: "text/javascript; charset=utf-8"}
}

// A file is one of dist, read and compressed when it is first asked for.
type file struct {
	name, contentType string

	once           sync.Once
	plain, gzipped []byte
	etag           string // without the quotes
}

func (f *file) load() {
	f.plain, _ = dist.ReadFile("dist/" + f.name) // embedded, as a test sees
	sum := sha256.Sum256(f.plain)
	f.etag = hex.EncodeToString(sum[:8])
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(f.plain) // a bytes.Buffer takes all
	_ = z.Close()
	f.gzipped = b.Bytes()
}

// Serves tells whether a path is one of the client's files.
func Serves(path string) bool { return files[path] != nil }

// writeTimeout is how long a client may take to read a file.
const writeTimeout = 2 * time.Minute

// ServeHTTP answers a request for one of the client's files. Browsers ask each
// time whether theirs is still the same, so that a new version of the server
// comes with its own client; any page may load it.
func ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := files[r.URL.Path]
	if f == nil {
		endpoint.NotFound(w)
		return
	}
	if !endpoint.Methods(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	f.once.Do(f.load)
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", "no-cache")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", `"`+f.etag+`"`)
	content := f.plain
	if takesGzip(r) {
		content = f.gzipped
		h.Set("Content-Encoding", "gzip")
		// ServeContent leaves it out of what is coded; of a whole answer it is known.
		if r.Header.Get("Range") == "" && r.Header.Get("If-Match") == "" && r.Header.Get("If-Unmodified-Since") == "" {
			h.Set("Content-Length", strconv.Itoa(len(content)))
		}
		h.Set("ETag", `"`+f.etag+`-gzip"`)
	}
	endpoint.Within(w, writeTimeout, func() { http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content)) })
}

// takesGzip reads Accept-Encoding (RFC 9110 §12.5.3).
func takesGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(strings.Join(r.Header["Accept-Encoding"], ","), ",") {
		name, weight, _ := strings.Cut(coding, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return !refused(weight)
		}
	}
	return false
}

// refused tells whether a weight is q=0, with or without decimals.
func refused(weight string) bool {
	q, ok := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(weight), " ", ""), "q=")
	return ok && strings.Trim(q, "0.") == ""
}
