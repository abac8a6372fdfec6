package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/polysocket/polysocket/internal/endpoint"
)

// shutdownTime is how long a process that was told to end waits for the answers
// that are under way.
const shutdownTime = 3 * time.Second

// A web is the address that a command listens on, and what it serves there, over
// http or https.
type web struct {
	listener    net.Listener
	certificate *certificate // nil: http
	server      *http.Server
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
	w.server = endpoint.NewServer(h)
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

// shutdown lets what is under way be answered, for a while, and ends.
func (w *web) shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if err := w.server.Shutdown(ctx); errors.Is(err, context.DeadlineExceeded) {
		return w.server.Close()
	} else if err != nil {
		return err
	}
	return nil
}
