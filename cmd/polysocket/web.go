package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/polysocket/polysocket/internal/endpoint"
)

// How long a process that was told to end waits for the answers that are under way,
// and then for their last bytes.
const (
	shutdownTime  = 3 * time.Second
	shutdownCheck = 10 * time.Millisecond // how often they are counted
	flushTime     = 250 * time.Millisecond
)

// A web is the address that a command listens on, and what it serves there, over
// http or https.
type web struct {
	listener    net.Listener
	certificate *certificate // nil: http
	server      *http.Server
	answering   atomic.Int64      // requests
	visitors    endpoint.Visitors // without bounds, unless they are applied
	failed      chan error        // why something that is to be served is not
}

// newWeb serves nothing yet; failed has room for what is served besides, too.
func newWeb(listener net.Listener, c *certificate) *web {
	return &web{listener: listener, certificate: c, failed: make(chan error, 4)}
}

func (w *web) scheme() string {
	if w.certificate != nil {
		return "https"
	}
	return "http"
}

// base is the URL by which this machine reaches it, without the slash at the end.
func (w *web) base() string { return w.scheme() + "://" + reachable(w.listener.Addr()) }

// serve has h answer from now on, in the background.
func (w *web) serve(h http.Handler, log *slog.Logger) {
	w.server = endpoint.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" { // else it is a socket of dev's own targets
			w.answering.Add(1)
			defer w.answering.Add(-1)
		}
		h.ServeHTTP(rw, r)
	}))
	w.server.ConnState = w.visitors.ConnState
	w.server.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	if w.certificate != nil {
		w.server.TLSConfig.GetCertificate = w.certificate.get
	}
	go func() {
		if w.certificate != nil {
			w.failed <- w.server.ServeTLS(w.listener, "", "")
		} else {
			w.failed <- w.server.Serve(w.listener)
		}
	}()
}

// shutdown lets what is under way be answered, for a while, and ends. Meanwhile it
// listens on: who asks whether the process lives is told so. Connections by which
// nobody has asked for anything are not waited for.
func (w *web) shutdown() error {
	tick := time.NewTicker(shutdownCheck)
	defer tick.Stop()
	for end := time.Now().Add(shutdownTime); w.answering.Load() > 0 && time.Now().Before(end); {
		<-tick.C
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	if err := w.server.Shutdown(ctx); errors.Is(err, context.DeadlineExceeded) {
		return w.server.Close()
	} else if err != nil {
		return err
	}
	return nil
}
