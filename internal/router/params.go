package router

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/wire"
)

// maxBody is the most that a create's body may have, in bytes.
const maxBody = 64 << 10

// The bounds of a nonce, in characters.
const (
	minNonce = 16
	maxNonce = 64
)

// A create is the request of that name, validated.
type create struct {
	answer    endpoint.Answer
	caller    endpoint.Caller
	jsonp     bool
	from      string
	target    *url.URL
	token     string
	protocols []string
	nonce     string
	userAgent string
	address   string     // what the caller is counted by
	grant     auth.Grant // once it is admitted
}

func (c *create) key() nonceKey {
	var rest []byte
	for _, part := range []string{c.caller.Origin, c.token, c.target.String(), strings.Join(c.protocols, ",")} {
		rest = append(binary.BigEndian.AppendUint32(rest, uint32(len(part))), part...)
	}
	return nonceKey{strings.Clone(c.nonce), sha256.Sum256(rest)}
}

// where is a target as logs may show it: a query often holds secrets.
func where(target *url.URL) string {
	if target == nil {
		return ""
	}
	return shorten(target.Scheme+"://"+target.Host+target.EscapedPath(), 256)
}

// readCreate reads and validates the parameters. The create is never nil, and
// knows as much as could be read: how to answer, above all.
func readCreate(r *http.Request) (*create, error) {
	p := endpoint.NewParams("cb", "from", "target", "token", "protocols", "nonce")
	err := readParams(p, r)
	c := &create{userAgent: r.UserAgent()}
	answer, answerErr := endpoint.ReadAnswer(p)
	if answerErr != nil {
		err = answerErr
	}
	answer.Always200 = answer.Callback != ""
	c.answer = answer
	_, c.jsonp = p.Get("cb")
	c.caller = endpoint.CallerOf(r, c.jsonp)
	c.from, _ = p.Get("from")
	if err != nil {
		return c, err
	}
	return c, c.validate(p)
}

// readParams reads the parameters from wherever they may stand.
func readParams(p endpoint.Params, r *http.Request) error {
	errs := []error{p.Parse(r.URL.RawQuery)}
	if r.Method == http.MethodPost {
		errs = append(errs, readBody(p, r))
	}
	errs = append(errs, readBearer(p, r))
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// readBearer reads the token that stands in a header.
func readBearer(p endpoint.Params, r *http.Request) error {
	if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		return p.Add("token", strings.TrimSpace(token))
	}
	return nil
}

func readBody(p endpoint.Params, r *http.Request) error {
	body, err := endpoint.ReadBody(r, maxBody)
	if err != nil {
		return err
	}
	switch media := endpoint.MediaType(r); {
	case media == endpoint.Form:
		return p.Parse(string(body))
	case media == "application/json":
		return parseJSON(p, body)
	case len(body) > 0:
		return wire.Errorf(wire.BadRequest, "the body has no Content-Type that is understood: send a form (%s) or an object of strings (application/json)", endpoint.Form)
	}
	return nil
}

// parseJSON adds the members of a JSON object. Those that the endpoint names are
// strings.
func parseJSON(p endpoint.Params, body []byte) error {
	bad := wire.Errorf(wire.BadRequest, "the body is not a JSON object of strings")
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return bad
	}
	var first error
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return bad
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return bad
		}
		var text string
		isText := json.Unmarshal(raw, &text) == nil && raw[0] == '"' // null is no error
		err = p.Add(name.(string), text)                             // the key of an object is always a string
		if _, named := p.Get(name.(string)); named && !isText {
			err = wire.Errorf(wire.BadRequest, "%s is not a string in the body's JSON", name)
		}
		if err != nil && first == nil {
			first = err
		}
	}
	if t, err := d.Token(); err != nil || t != json.Delim('}') {
		return bad
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return bad
	}
	return first
}

// validate checks the parameters' values.
func (c *create) validate(p endpoint.Params) error {
	if c.from == "" {
		return wire.Errorf(wire.BadRequest, "from is missing: say who calls, as in from=myapp-v1.0")
	}
	var err error
	if c.target, err = readTarget(p); err != nil {
		return err
	}
	c.token, _ = p.Get("token")
	protocols, _ := p.Get("protocols")
	if c.protocols, err = parseProtocols(protocols); err != nil {
		return err
	}
	var given bool
	if c.nonce, given = p.Get("nonce"); given {
		if n := utf8.RuneCountInString(c.nonce); n < minNonce || n > maxNonce {
			return wire.Errorf(wire.BadRequest, "nonce has %d characters, and %d to %d are allowed", n, minNonce, maxNonce)
		}
	}
	return nil
}

func readTarget(p endpoint.Params) (*url.URL, error) {
	text, _ := p.Get("target")
	if text == "" {
		return nil, wire.Errorf(wire.BadRequest, "target is missing: give it the ws:// or wss:// URL to open")
	}
	target, err := wire.ParseTarget(text)
	if err != nil {
		return nil, wire.Errorf(wire.BadRequest, "target: %v", err)
	}
	return target, nil
}

// parseProtocols reads the subprotocols to offer, as RFC 6455 §4.1 and the
// WHATWG standard's constructor want them: tokens, and none twice.
func parseProtocols(list string) ([]string, error) {
	if list == "" {
		return nil, nil
	}
	var protocols []string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.Trim(name, " \t")
		if !httpguts.ValidHeaderFieldName(name) { // an RFC 9110 token, too
			return nil, wire.Errorf(wire.BadRequest, "protocols: a name is not a token (RFC 9110 §5.6.2)")
		}
		if slices.Contains(protocols, name) {
			return nil, wire.Errorf(wire.BadRequest, "protocols: a name is given twice")
		}
		protocols = append(protocols, name)
	}
	return protocols, nil
}
