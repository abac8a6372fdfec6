package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"

	"github.com/polysocket/polysocket/internal/endpoint"
)

// serveProfiles serves those of net/http/pprof on l until it is stopped. Failed is
// told where that does not work, with the name of the flag or key that has the address.
func serveProfiles(l net.Listener, named string, failed chan<- error) (url string, stop func()) {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	web := endpoint.NewServer(endpoint.Polite(ownHost(l.Addr()), homely(mux)))
	go func() {
		if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("%s: %w", named, err)
		}
	}()
	return "http://" + l.Addr().String() + "/debug/pprof/", func() { _ = web.Close() }
}

// homely keeps away relays, and the pages of other sites: what they ask for they could
// not read, but a profile is work.
func homely(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("Sec-Fetch-Site") {
		case "cross-site", "same-site":
			http.Error(w, "pages of other sites get no profiles: open the address itself", http.StatusForbidden)
			return
		}
		if !endpoint.Hopped(w, r) {
			next.ServeHTTP(w, r)
		}
	})
}

// profilesLine says where the profiles are, below the line that says what is ready.
func profilesLine(url string) string { return "  profiles                     " + url + "\n" }
