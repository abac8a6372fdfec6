package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"net/url"
	"os"
	"time"

	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/server"
)

// shutdownTime is how long a process that was told to end waits for the answers
// that are under way.
const shutdownTime = 3 * time.Second

// limits are the flags that every command with a relay has.
type limits struct {
	Grace         time.Duration `default:"30s" help:"How long a socket lives without a request."`
	MessageLimit  size          `default:"16MiB" placeholder:"SIZE" help:"The largest message, both ways (${default})."`
	BufferLimit   size          `default:"256KiB" placeholder:"SIZE" help:"What may wait for a client, per socket (${default})."`
	Hold          time.Duration `default:"10s" help:"How long a numbered send waits for its answer."`
	TargetTimeout time.Duration `default:"10s" help:"How long a target may take to open."`
	CloseTimeout  time.Duration `default:"10s" help:"How long a target may take to answer a close."`
}

func (l limits) validate() error {
	for flag, d := range map[string]time.Duration{
		"--grace": l.Grace, "--hold": l.Hold, "--target-timeout": l.TargetTimeout, "--close-timeout": l.CloseTimeout,
	} {
		if d <= 0 {
			return fmt.Errorf("%s is %v: give it a time above 0, as 10s", flag, d)
		}
	}
	return nil
}

// dev is the command that runs all of it in one process.
type dev struct {
	Listen       string         `default:"127.0.0.1:8080" placeholder:"ADDR" help:"The address to listen on (${default})."`
	Host         string         `placeholder:"NAME" help:"The name handed out to clients, with a port where it is not the scheme's own. By default the address listened on."`
	Wildcard     bool           `help:"Put a fresh label before --host each time: every name below it leads here."`
	Origin       []string       `sep:"none" placeholder:"PATTERN" help:"Pages that may call, besides those of this machine and of --host: https://example.com, https://*.example.com, or * for all. May be repeated."`
	TLSCert      string         `name:"tls-cert" type:"existingfile" placeholder:"FILE" help:"Serve https and HTTP/2 with this certificate (PEM)."`
	TLSKey       string         `name:"tls-key" type:"existingfile" placeholder:"FILE" help:"The certificate's key (PEM)."`
	TargetCA     string         `name:"target-ca" type:"existingfile" placeholder:"FILE" help:"Trust this CA for wss targets too (PEM)."`
	Open         bool           `help:"Let others than this machine in: allow --listen on any address. Private targets are refused then."`
	AllowPrivate []netip.Prefix `placeholder:"CIDR" help:"With --open, private addresses that may be targets all the same. May be repeated."`
	DebugListen  string         `placeholder:"ADDR" help:"Serve net/http/pprof on this address."`
	LogLevel     slog.Level     `default:"info" help:"debug, info, warn or error (${default})."`

	limits `embed:""`
}

func (d *dev) validate() error {
	if err := d.limits.validate(); err != nil {
		return err
	}
	if d.Wildcard && d.Host == "" {
		return errors.New("--wildcard needs --host, the name to put a label before: --host localhost:8080 will do on this machine")
	}
	if u, err := url.Parse("//" + d.Host); err != nil || u.Host != d.Host || d.Host != "" && u.Hostname() == "" {
		return fmt.Errorf("--host %s is not a name: give it a host, with a port where it is not the scheme's own, and nothing else", d.Host)
	}
	return nil
}

// Run runs the command until ctx ends.
func (d *dev) Run(ctx context.Context) error {
	if err := d.validate(); err != nil {
		return err
	}
	certificate, err := d.certificate()
	if err != nil {
		return err
	}
	cas, err := d.targetCAs()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: d.LogLevel}))
	listener, err := d.listen("--listen", d.Listen)
	if err != nil {
		return err
	}
	defer listener.Close()

	scheme := "http://"
	if certificate != nil {
		scheme = "https://"
	}
	base := scheme + listener.Addr().String()
	o := d.options(listener.Addr(), cas, log)
	o.Other = d.pages(ctx, base)
	s, err := server.New(o)
	if err != nil {
		return err
	}
	defer s.Close()

	web := endpoint.NewServer(s)
	web.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	if certificate != nil {
		web.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*certificate}}
	}
	served := make(chan error, 2)
	go func() {
		if certificate != nil {
			served <- web.ServeTLS(listener, "", "")
		} else {
			served <- web.Serve(listener)
		}
	}()
	if d.DebugListen != "" {
		stop, err := d.debug(served)
		if err != nil {
			return err
		}
		defer stop()
	}
	fmt.Printf("polysocket dev is ready: %s\n  what can be done from here   %s/\n  targets to try               %s and %s\n",
		base, base, targetURL(base, "/echo"), targetURL(base, "/time"))

	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	log.Info("ending")
	return shutdown(web, s)
}

// shutdown answers what is parked, and ends.
func shutdown(web *http.Server, s *server.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	s.Close()
	if err := web.Shutdown(ctx); errors.Is(err, context.DeadlineExceeded) {
		return web.Close()
	} else if err != nil {
		return err
	}
	return nil
}

// handedOut is the name that clients reach the relay by; empty for the one that
// they used, where every address is listened on and none was named.
func (d *dev) handedOut(addr net.Addr) string {
	if d.Host != "" || addr.(*net.TCPAddr).IP.IsUnspecified() {
		return d.Host
	}
	return addr.String()
}

func (d *dev) options(addr net.Addr, cas *x509.CertPool, log *slog.Logger) server.Options {
	ip := addr.(*net.TCPAddr).IP
	return server.Options{
		Host:     d.handedOut(addr),
		Wildcard: d.Wildcard,
		OwnHost: func(host string) bool {
			address, err := netip.ParseAddr(host)
			switch {
			case ip.IsUnspecified():
				return err == nil || endpoint.Loopback(host)
			case ip.IsLoopback():
				return endpoint.Loopback(host)
			}
			return err == nil && address.Unmap().String() == ip.String()
		},
		Origins:       d.Origin,
		AnyTarget:     !d.Open,
		AllowPrivate:  d.AllowPrivate,
		TargetCAs:     cas,
		MessageLimit:  int(d.MessageLimit),
		BufferLimit:   int(d.BufferLimit),
		Grace:         d.Grace,
		Hold:          d.Hold,
		TargetTimeout: d.TargetTimeout,
		CloseTimeout:  d.CloseTimeout,
		Log:           log,
	}
}

// listen listens on an address of a flag: a loopback one, without --open. Without
// it any target may be reached, so anybody who reaches this process would reach
// into its network.
func (d *dev) listen(flag, address string) (net.Listener, error) {
	addr, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w: give it a host and a port, as 127.0.0.1:8080", flag, address, err)
	}
	if !addr.IP.IsLoopback() && !d.Open {
		return nil, fmt.Errorf("%s %s is not a loopback address: without keys, whoever reaches this process could open "+
			"sockets to any address it can reach. With --open it listens there all the same, and refuses private targets "+
			"unless --allow-private names them", flag, address)
	}
	l, err := net.ListenTCP("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return l, nil
}

// certificate is the one to serve, or nil for http.
func (d *dev) certificate() (*tls.Certificate, error) {
	if d.TLSCert == "" && d.TLSKey == "" {
		return nil, nil
	}
	if d.TLSCert == "" || d.TLSKey == "" {
		return nil, errors.New("--tls-cert and --tls-key go together: give both")
	}
	c, err := tls.LoadX509KeyPair(d.TLSCert, d.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert and --tls-key: %w", err)
	}
	return &c, nil
}

// targetCAs are the system's and that of --target-ca, or nil for the system's.
func (d *dev) targetCAs() (*x509.CertPool, error) {
	if d.TargetCA == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(d.TargetCA)
	if err != nil {
		return nil, fmt.Errorf("--target-ca: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without any
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--target-ca %s holds no certificate in PEM", d.TargetCA)
	}
	return pool, nil
}

// debug serves the profiles of net/http/pprof.
func (d *dev) debug(served chan<- error) (stop func(), err error) {
	l, err := d.listen("--debug-listen", d.DebugListen)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	web := endpoint.NewServer(mux)
	go func() {
		if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			served <- fmt.Errorf("--debug-listen: %w", err)
		}
	}()
	fmt.Printf("profiles: http://%s/debug/pprof/\n", l.Addr())
	return func() { _ = web.Close() }, nil
}

// pages are what only dev serves.
func (d *dev) pages(ctx context.Context, base string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			fmt.Fprintf(w, welcome, base, targetURL(base, "/echo"), targetURL(base, "/time"))
		case "/healthz":
			_, _ = io.WriteString(w, "ok\n")
		case "/echo":
			echo(ctx, w, r, int64(d.MessageLimit))
		case "/time":
			tellTime(ctx, w, r)
		default:
			endpoint.NotFound(w)
		}
	})
}
