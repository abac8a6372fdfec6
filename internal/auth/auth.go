// Package auth decides who may open a socket, and to what.
package auth

import (
	"context"
	"net/url"

	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/wire"
)

// Open is the policy of a server without keys: any target and any token, but not
// from any page, so that a website that somebody happens to visit does not reach
// into their network.
type Open struct {
	// Hosts tells whose http and https pages may call, by the host in lower case,
	// without port; nil for none.
	Hosts func(host string) bool
	// Origins are the other pages that may call.
	Origins Origins
}

// Authorize implements Authorizer.
func (o Open) Authorize(_ context.Context, r Request) (Grant, error) {
	c := r.Caller
	switch {
	case !c.Browser || o.Origins.all:
		return Grant{}, nil
	case c.Origin == "":
		return Grant{}, wire.Errorf(wire.OriginDenied, "the page's origin is unknown, and this server admits only pages of known ones: the page must send Origin or Referer")
	case o.Hosts != nil && o.Hosts(httpHost(c.Origin)) || o.Origins.Match(c.Origin):
		return Grant{}, nil
	}
	return Grant{}, wire.Errorf(wire.OriginDenied, "pages of this origin may not open sockets here")
}

// httpHost is the host of an http or https origin; else empty.
func httpHost(origin string) string {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return endpoint.Hostname(u.Host)
}
