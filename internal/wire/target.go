package wire

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// ParseTarget reads the URL of a target: absolute, ws or wss, without a
// fragment (WHATWG WebSockets, the constructor's steps), and without a user
// name or password, which would end in logs. The host comes back in the normal form
// of the WHATWG URL standard: a name in lower case and ASCII (RFC 5891), an IPv4
// address in four decimal numbers, however it was spelt.
func ParseTarget(s string) (*url.URL, error) {
	for _, c := range []byte(s) {
		if c <= ' ' || c == 0x7f {
			return nil, errors.New("the URL holds a space or a control character")
		}
	}
	u, err := url.Parse(s)
	switch {
	case err != nil: // which has a piece of the URL in it, and that may hold secrets
		return nil, errors.New("not a URL: something of it is malformed, or not escaped")
	case u.Scheme != "ws" && u.Scheme != "wss": // url.Parse has lowered it
		return nil, errors.New("not an absolute ws:// or wss:// URL")
	case u.Hostname() == "":
		return nil, errors.New("the URL has no host")
	case strings.Contains(s, "#"):
		return nil, errors.New("the URL has a fragment, which a WebSocket URL may not have")
	case u.User != nil:
		return nil, errors.New("the URL has a user name or password: put credentials in the query")
	case strings.HasSuffix(u.Host, ":"):
		return nil, errors.New("the URL has a colon and no port")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, errors.New("the port is not a number from 1 to 65535")
		}
	}
	host, err := parseHost(u)
	if err != nil {
		return nil, err
	}
	switch {
	case u.Port() != "":
		u.Host = net.JoinHostPort(host, u.Port())
	case strings.Contains(host, ":"):
		u.Host = "[" + host + "]"
	default:
		u.Host = host
	}
	u.RawQuery = escapeNonASCII(u.RawQuery)
	return u, nil
}

// escapeNonASCII percent-encodes what a request line cannot hold.
func escapeNonASCII(query string) string {
	var b strings.Builder
	for _, c := range []byte(query) {
		if c < 0x80 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
