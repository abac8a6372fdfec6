package wire

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// domainToASCII is the WHATWG URL standard's "domain to ASCII" without its
// strict mode: underscores are allowed, as in the names of containers.
var domainToASCII = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.CheckJoiners(true),
	idna.CheckHyphens(false), idna.StrictDomainName(false), idna.Transitional(false))

var errHost = errors.New("the host is not a domain name or an IP address")

// parseHost is the WHATWG URL standard's "host parser". It answers an IPv6 address
// without its brackets, an IPv4 address in four decimal numbers, or a name in lower
// case and ASCII.
func parseHost(u *url.URL) (string, error) {
	host := u.Hostname()
	if strings.HasPrefix(u.Host, "[") {
		addr, err := netip.ParseAddr(host)
		if err != nil || !addr.Is6() || addr.Zone() != "" {
			return "", errHost
		}
		return addr.String(), nil
	}
	domain, err := toDomain(host)
	if err != nil {
		return "", err
	}
	if !endsInNumber(domain) {
		return domain, nil
	}
	addr, err := parseIPv4(domain)
	if err != nil {
		return "", err
	}
	return addr.String(), nil
}

// toDomain is the part for a name. What no domain may hold is looked for last:
// IDNA turns characters into such ones, as U+FF0F into a slash, and others into
// none.
func toDomain(host string) (string, error) {
	domain, err := domainToASCII.ToASCII(host)
	if err != nil || domain == "" || !utf8.ValidString(host) || strings.ContainsAny(domain, " #%/:<>?@[\\]^|") {
		return "", errHost
	}
	if domain[0] == '.' || strings.Contains(domain, "..") {
		return "", errors.New("the host has an empty label: write each dot once")
	}
	return domain, nil
}
