// Package auth decides who may open a socket, and to what.
package auth

import (
	"context"
	"net/url"

	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/wire"
)

// A Request is what somebody wants to open.
type Request struct {
	Caller endpoint.Caller
	Token  string // empty for none
	Target *url.URL
}

// An Authorizer says whether a request may go on. It checks in this order: the
// origin is valid for the token's key, the token authorises the target, the
// token is within its connection limit. A no is a *wire.Error with one of the
// codes token_invalid, token_expired, origin_denied, target_denied,
// limit_reached and rate_limited.
type Authorizer interface {
	Authorize(ctx context.Context, r Request) error
}

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
func (o Open) Authorize(_ context.Context, r Request) error {
	c := r.Caller
	switch {
	case !c.Browser || o.Origins.all:
		return nil
	case c.Origin == "":
		return wire.Errorf(wire.OriginDenied, "the page's origin is unknown, and this server admits only pages of known ones: the page must send Origin or Referer")
	case o.Hosts != nil && o.Hosts(httpHost(c.Origin)) || o.Origins.Match(c.Origin):
		return nil
	}
	return wire.Errorf(wire.OriginDenied, "pages of this origin may not open sockets here")
}

// httpHost is the host of an http or https origin; else empty.
func httpHost(origin string) string {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return endpoint.Hostname(u.Host)
}
