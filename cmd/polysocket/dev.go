package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"

	"github.com/polysocket/polysocket/server"
)

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
	listener, err := listen("--listen", d.Listen, d.Open)
	if err != nil {
		return err
	}
	defer listener.Close()

	web := newWeb(listener, certificate)
	base := web.base()
	listens := []netip.AddrPort{listening(listener)}
	var debug net.Listener // nil: there are no profiles
	if d.DebugListen != "" {
		if debug, err = listen("--debug-listen", d.DebugListen, d.Open); err != nil {
			return err
		}
		defer debug.Close()
		listens = append(listens, listening(debug))
	}
	o := d.options(web.scheme(), listener.Addr(), cas, log)
	o.Listeners = func() []netip.AddrPort { return listens }
	// The targets outlive the relay's sockets, which are to be closed first.
	pages, stopPages := context.WithCancel(context.WithoutCancel(ctx))
	defer stopPages()
	o.Other = d.pages(pages, base)
	s, err := server.New(o)
	if err != nil {
		return err
	}
	defer s.Close()

	web.serve(s, log)
	var profiles string
	if debug != nil {
		url, stop := serveProfiles(debug, "--debug-listen", web.failed)
		defer stop()
		profiles = profilesLine(url)
	}
	fmt.Printf("polysocket dev is ready: %s\n  what can be done from here   %s/\n", base, base)
	if d.ownTargets() {
		fmt.Printf("  targets to try               %s and %s\n", targetURL(base, "/echo"), targetURL(base, "/time"))
	}
	fmt.Print(profiles)

	select {
	case err := <-web.failed:
		return err
	case <-ctx.Done():
	}
	log.Info("ending")
	s.Close() // answers what is parked
	return web.shutdown()
}

func (d *dev) options(scheme string, addr net.Addr, cas *x509.CertPool, log *slog.Logger) server.Options {
	o := server.Options{
		Host:          handedOut(d.Host, scheme, addr),
		Wildcard:      d.Wildcard,
		OwnHost:       ownHost(addr),
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
		Version:       version,
		Log:           log,
	}
	if d.Open { // strangers are to find an end of it
		m := thisMachine()
		o.Memory, o.Capacity = m.budget(), m.capacity()
	}
	return o
}
