package upstream

import (
	"strings"

	"golang.org/x/net/http/httpguts"
)

// deflateOffer is our one extension, permessage-deflate (RFC 7692 §7), with
// both contexts thrown away after each message: so no connection keeps a window
// of 32 KiB. We inflate what comes and compress nothing.
const deflateOffer = "permessage-deflate; client_no_context_takeover; server_no_context_takeover"

// agreeExtensions tells whether the answer accepts the offer. It fails on
// everything that the offer does not allow.
func agreeExtensions(values []string) (deflate bool, err error) {
	extensions, ok := parseExtensions(strings.Join(values, ","))
	if !ok {
		return false, refused("answered with a malformed Sec-WebSocket-Extensions")
	}
	for _, extension := range extensions {
		switch {
		case !strings.EqualFold(extension.name, "permessage-deflate"):
			return false, refused("chose an extension that was not offered")
		case deflate:
			return false, refused("chose permessage-deflate twice")
		case !acceptable(extension.params):
			return false, refused("chose permessage-deflate with parameters that were not offered")
		}
		deflate = true
	}
	return deflate, nil
}

// acceptable judges the parameters of an answer, RFC 7692 §7.1.
func acceptable(params []param) bool {
	seen := make(map[string]bool, len(params))
	for _, p := range params {
		if seen[p.name] { // "multiple extension parameters with the same name"
			return false
		}
		seen[p.name] = true
		switch p.name {
		case "server_no_context_takeover", "client_no_context_takeover": // §7.1.1
			if p.valued {
				return false
			}
		case "server_max_window_bits": // §7.1.2.1: a server may say it unasked; any window fits into ours
			switch p.value {
			case "8", "9", "10", "11", "12", "13", "14", "15":
			default:
				return false
			}
		default: // client_max_window_bits too: unasked it may not come, §7.1.2.2
			return false
		}
	}
	return seen["server_no_context_takeover"]
}

type extension struct {
	name   string
	params []param
}

type param struct {
	name, value string
	valued      bool
}

// parseExtensions reads RFC 6455 §9.1's
//
//	extension-list = 1#( token *( ";" token [ "=" ( token / quoted-string ) ] ) )
//
// where, as in every list of HTTP, elements may be empty (RFC 9110 §5.6.1.2).
func parseExtensions(s string) (list []extension, ok bool) {
	in := fieldScanner{s}
	for {
		for in.eat(',') {
		}
		if in.rest == "" {
			return list, true
		}
		e := extension{name: in.token()}
		if e.name == "" {
			return nil, false
		}
		for in.eat(';') {
			p := param{name: in.token()}
			if p.valued = in.eat('='); p.valued {
				if p.value = in.value(); p.value == "" {
					return nil, false
				}
			}
			if p.name == "" {
				return nil, false
			}
			e.params = append(e.params, p)
		}
		if in.rest != "" && in.rest[0] != ',' {
			return nil, false
		}
		list = append(list, e)
	}
}

// A fieldScanner takes a header field's value apart. White space is skipped in
// front of and behind everything.
type fieldScanner struct{ rest string }

func (s *fieldScanner) skip() { s.rest = strings.TrimLeft(s.rest, " \t") }

func (s *fieldScanner) eat(c byte) bool {
	s.skip()
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	s.skip()
	return true
}

func (s *fieldScanner) token() string {
	s.skip()
	n := 0
	for n < len(s.rest) && httpguts.IsTokenRune(rune(s.rest[n])) {
		n++
	}
	token := s.rest[:n]
	s.rest = s.rest[n:]
	s.skip()
	return token
}

// value is a token, or a quoted string whose content is one, as §9.1 demands.
// It is empty where there is neither.
func (s *fieldScanner) value() string {
	if !s.eat('"') {
		return s.token()
	}
	content, rest, closed := strings.Cut(s.rest, `"`)
	s.rest = rest
	s.skip()
	if !closed || !httpguts.ValidHeaderFieldName(content) {
		return ""
	}
	return content
}
