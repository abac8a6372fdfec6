package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/pprof"

	"github.com/polysocket/polysocket/internal/endpoint"
)

// debug serves the profiles of net/http/pprof.
func (d *dev) debug(served chan<- error) (url string, stop func(), err error) {
	l, err := d.listen("--debug-listen", d.DebugListen)
	if err != nil {
		return "", nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	web := endpoint.NewServer(endpoint.Polite(d.ownHost(l.Addr()), mux))
	go func() {
		if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			served <- fmt.Errorf("--debug-listen: %w", err)
		}
	}()
	return "http://" + l.Addr().String() + "/debug/pprof/", func() { _ = web.Close() }, nil
}
