// Package endpoint holds the manners that every endpoint of the protocol has
// (docs/protocol.md, section 0): how parameters are read, how answers look in
// JSON and JSONP, who the caller is, which Host is served, and CORS. Router and
// relay have them in common and may not import each other: that is why this
// room exists.
package endpoint

import (
	"crypto/tls"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The limits of any.headers.
const (
	headerTimeout = 10 * time.Second
	headerBytes   = 60 << 10 // net/http adds 4 KiB for its buffer
	idleTimeout   = 75 * time.Second
)

// How long a client over HTTP/2 may be silent until it is asked whether it lives, and
// until it answers. One that is gone without a word holds no socket for longer.
const (
	pingAfter   = 15 * time.Second
	pingTimeout = 15 * time.Second
)

// What one connection of HTTP/2 may have: so many streams at once (of those that a client
// opens and resets at once, net/http lets no more handlers run, and ends the connection
// when four times as many wait), and bodies that nobody has read yet, in bytes. Of what
// answers settings and pings it keeps no more than 10,000 frames.
const (
	maxStreams    = 250
	maxUnreadConn = 512 << 10
	maxUnread     = 256 << 10
)

// NewServer is an http.Server with the protocol's limits for headers and idle
// connections. It speaks every version of HTTP, over TLS, for which its TLSConfig
// still needs certificates, and without.
func NewServer(h http.Handler) *http.Server {
	var versions http.Protocols
	versions.SetHTTP1(true)
	versions.SetHTTP2(true)
	versions.SetUnencryptedHTTP2(true)
	return &http.Server{
		Protocols: &versions,
		HTTP2: &http.HTTP2Config{
			SendPingTimeout: pingAfter, PingTimeout: pingTimeout,
			MaxConcurrentStreams: maxStreams, MaxReceiveBufferPerConnection: maxUnreadConn, MaxReceiveBufferPerStream: maxUnread,
		},
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		MaxHeaderBytes:    headerBytes,
		IdleTimeout:       idleTimeout,
		TLSConfig:         &tls.Config{NextProtos: []string{"h2", "http/1.1", "http/1.0"}, MinVersion: tls.VersionTLS12},
	}
}

// Methods tells whether the request's method is one of those allowed. OPTIONS
// always is, and answered here; any other gets a 405. The caller goes on only
// when it is true.
func Methods(w http.ResponseWriter, r *http.Request, allowed ...string) bool {
	if slices.Contains(allowed, r.Method) {
		return true
	}
	allow := strings.Join(append([]string{http.MethodOptions}, allowed...), ", ")
	h := w.Header()
	h.Set("Allow", allow)
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", allow)
		h.Set("Access-Control-Max-Age", "600")
		Within(w, writeTimeout, func() { w.WriteHeader(http.StatusNoContent) })
		return false
	}
	Answer{}.Error(w, errMethod(allow))
	return false
}
