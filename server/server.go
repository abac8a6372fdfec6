// Package server is router and relay joined in one process: an http.Handler that
// needs nothing else, to run by itself or inside another program.
package server

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/bus/membus"
	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/relay"
	"github.com/polysocket/polysocket/internal/router"
	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/upstream"
	"github.com/polysocket/polysocket/js"
)

// Options say what a Server does. The zero value works: it opens sockets to
// public addresses, for programs and for pages of this machine.
type Options struct {
	// Host is the name handed out to clients, with a port where it is not the
	// scheme's own. Empty: the Host of the request that creates a socket.
	Host string
	// Wildcard puts a fresh label before Host each time, for names whose every
	// subdomain leads here.
	Wildcard bool
	// OwnHost tells which Host a request may have besides Host (and what is below
	// it, with Wildcard), in lower case and without port. Nil: where Host is
	// empty, the machine's loopback names and IP addresses, which no page can
	// rebind its name to; else none.
	OwnHost func(host string) bool
	// Origins are the patterns of the pages that may call, besides those of
	// loopback and of Host: "https://example.com", "https://*.example.com", or "*"
	// for all.
	Origins []string

	// AnyTarget lets clients reach every address, this machine's and the private
	// ones too. AllowPrivate opens only some of them.
	AnyTarget    bool
	AllowPrivate []netip.Prefix
	// Listeners tells where this process listens, now, at every create: that is no
	// target, unless AnyTarget. Nil: nowhere that is known.
	Listeners func() []netip.AddrPort
	// TargetCAs are trusted for wss targets. Nil: the system's.
	TargetCAs *x509.CertPool

	// These have the defaults of docs/protocol.md where they are zero. The limits
	// are in bytes.
	MessageLimit  int           // of one message: 16 MiB
	BufferLimit   int           // of what waits for a client: 256 KiB
	Grace         time.Duration // a socket's life without a request: 30 s
	Hold          time.Duration // a numbered send's wait: 10 s
	TargetTimeout time.Duration // to open a target: 10 s
	CloseTimeout  time.Duration // for a target to answer a Close: 10 s

	// Memory is how many bytes sockets and requests may hold in all: at it new sockets are
	// refused, and those that hold the most are closed with 1013; 0 for no bound.
	Memory int64
	// RequestsPerAddress is how many requests of one address (of IPv4, or a /64 of IPv6)
	// may be under way; 0 for no bound. Of the Proxies X-Forwarded-For or Forwarded says
	// whose a request is.
	RequestsPerAddress int
	Proxies            []netip.Prefix

	// Capacity is how many sockets there may be at a time; 0 for no bound.
	Capacity int
	// Version is the program's.
	Version string

	// Other serves the paths that are not the protocol's, behind the same check of
	// the Host. Nil: they are 404.
	Other http.Handler
	// Log is told what happens. Nil: nobody is.
	Log *slog.Logger
}

func (o *Options) validate() error {
	for name, v := range map[string]int64{
		"MessageLimit": int64(o.MessageLimit), "BufferLimit": int64(o.BufferLimit), "Grace": int64(o.Grace), "Hold": int64(o.Hold),
		"TargetTimeout": int64(o.TargetTimeout), "CloseTimeout": int64(o.CloseTimeout), "Capacity": int64(o.Capacity), "Memory": o.Memory,
		"RequestsPerAddress": int64(o.RequestsPerAddress),
	} {
		if v < 0 {
			return fmt.Errorf("%s is negative", name)
		}
	}
	if o.Wildcard && o.Host == "" {
		return errors.New("Wildcard needs a Host to put a label before")
	}
	return nil
}

// A Server serves /create and /relay, /s/ /j/ /x/ /e/ and /m, the browser client:
// /polysocket.js and its like, and /healthz and /readyz for any Host. Make it with New, and end it with Close.
type Server struct {
	handler http.Handler
	relay   *relay.Relay
	stop    context.CancelFunc
	done    chan struct{}
}

// New joins a router and a relay. The error says which option is wrong.
func New(o Options) (*Server, error) {
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	origins, err := auth.ParseOrigins(o.Origins)
	if err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	guard := upstream.Rules{Allow: o.AllowPrivate, AnyPort: true, Listeners: o.Listeners}.Guard()
	if o.AnyTarget {
		guard = upstream.OpenGuard()
	}
	b := membus.New()
	rl := relay.New(relay.Options{
		Host: o.Host, Wildcard: o.Wildcard, Version: o.Version, Bus: b, Log: o.Log,
		Settings: relay.Settings{
			Dialer: upstream.Dialer{
				Guard: guard, RootCAs: o.TargetCAs, Timeout: o.TargetTimeout, CloseTimeout: o.CloseTimeout,
			},
			Session: session.Config{
				MessageLimit: o.MessageLimit, BufferLimit: o.BufferLimit, Grace: o.Grace, Hold: o.Hold,
			},
			Capacity: o.Capacity,
			Memory:   o.Memory,
		},
	})
	named := func(host string) bool {
		return o.Host != "" && endpoint.Below(host, endpoint.Hostname(o.Host), o.Wildcard)
	}
	rt := router.New(router.Options{Bus: b, Log: o.Log, Settings: router.Settings{Auth: auth.Open{
		Hosts:   func(host string) bool { return endpoint.Loopback(host) || named(host) },
		Origins: origins,
	}}})

	all := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case relay.Serves(path):
			rl.ServeHTTP(w, r)
		case js.Serves(path):
			js.ServeHTTP(w, r)
		case path == "/create", path == "/relay", o.Other == nil:
			rt.ServeHTTP(w, r)
		default:
			// What is not ours says for itself who may load it, and where it leads.
			w.Header().Del("Cross-Origin-Resource-Policy")
			w.Header().Del("Referrer-Policy")
			o.Other.ServeHTTP(w, r)
		}
	})
	own := o.OwnHost
	if own == nil {
		own = func(host string) bool { return o.Host == "" && addressOrLoopback(host) }
	}
	visitors := new(endpoint.Visitors)
	visitors.Apply(endpoint.Bounds{Requests: o.RequestsPerAddress, Proxies: o.Proxies})
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{relay: rl, stop: stop, done: make(chan struct{})}
	s.handler = endpoint.Health(func(ctx context.Context) error {
		return cmp.Or(rl.Ready(), rt.Ready(ctx))
	}, endpoint.Polite(func(host string) bool { return named(host) || own(host) }, visitors.Counted(all)))

	ready := make(chan struct{})
	go func() {
		defer close(s.done)
		if err := rl.Run(ctx, func() { close(ready) }); !errors.Is(err, context.Canceled) {
			o.Log.Error("the relay has stopped", "error", err)
		}
	}()
	<-ready // membus cannot fail
	return s, nil
}

func addressOrLoopback(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || endpoint.Loopback(host)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close closes every socket with 1001, towards its target and its client, answers
// the requests that wait, ends streams with the close, and refuses new sockets with
// no_relay. It returns when the answers are out, or have had a few seconds. Call it
// before the http.Server's Shutdown, which knows nothing of connections that wait
// here.
func (s *Server) Close() {
	s.relay.Shut()
	s.stop()
	<-s.done
}
