package main

import (
	"strings"

	"github.com/polysocket/polysocket/internal/config"
)

// reload has hold what the configuration now says, as far as that can be swapped.
// Where it is not good, all stays as it was.
func (p *process) reload(t tenant) {
	c, err := p.read()
	if err != nil {
		p.log.Error("the configuration was not reloaded, and all is as it was", "error", err)
		return
	}
	var swapped, restart []string
	// A listener speaks TLS or does not: only the certificate can be another.
	secure := (p.config.TLS.Certificate == nil) == (c.TLS.Certificate == nil)
	for _, k := range config.Changed(p.config, c, p.role) {
		if k.Reload && (secure || k.Path != "tls.cert" && k.Path != "tls.key") {
			swapped = append(swapped, k.Path)
		} else {
			restart = append(restart, k.Path)
		}
	}
	c.Keep(p.config)
	if !secure {
		c.TLS.Cert, c.TLS.Key, c.TLS.Certificate = p.config.TLS.Cert, p.config.TLS.Key, p.config.TLS.Certificate
	}
	p.config = c
	p.level.Set(c.LogLevel)
	if p.web.certificate != nil {
		p.web.certificate.Store(c.TLS.Certificate)
	}
	p.web.visitors.Apply(bounds(c))
	t.apply(c)
	p.note(c)
	attributes := []any{"swapped", orNone(swapped)}
	if restart != nil {
		attributes = append(attributes, "restart", strings.Join(restart, " "))
	}
	p.log.Info("the configuration was reloaded", attributes...)
}

func orNone(paths []string) string {
	if paths == nil {
		return "nothing"
	}
	return strings.Join(paths, " ")
}
