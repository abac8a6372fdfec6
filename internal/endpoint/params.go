package endpoint

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/polysocket/polysocket/internal/wire"
)

// Form is the media type of a form.
const Form = "application/x-www-form-urlencoded"

// MediaType is the media type of the request's body in lower case, without its
// parameters; empty where the request names none.
func MediaType(r *http.Request) string {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && media == "" {
		media, _, _ = strings.Cut(strings.ToLower(r.Header.Get("Content-Type")), ";")
	}
	return strings.TrimSpace(media)
}

// Params are the parameters of one request that its endpoint names.
type Params struct {
	names  []string
	values map[string][]string // more than one is an error, and then there is none
}

// NewParams makes an empty set for an endpoint that names these parameters.
// Others are ignored.
func NewParams(names ...string) Params {
	return Params{names: names, values: make(map[string][]string, len(names))}
}

// Add takes one parameter. One that was there already is a wire.Error.
func (p Params) Add(name, value string) error {
	if !slices.Contains(p.names, name) {
		return nil
	}
	switch len(p.values[name]) {
	case 0:
		p.values[name] = []string{value}
		return nil
	case 1: // more are not kept: a form of 64 MiB has room for millions
		p.values[name] = append(p.values[name], "")
		return wire.Errorf(wire.BadRequest, "%s is given twice", name)
	}
	return nil
}

// Parse adds the parameters of a query or a form, in the form that the WHATWG
// URL standard calls application/x-www-form-urlencoded: only & separates. All
// that are well-formed are added, whatever else is wrong.
func (p Params) Parse(encoded string) error {
	var first error
	for pair := range strings.SplitSeq(encoded, "&") {
		if err := p.parsePair(pair); err != nil && first == nil {
			first = err
		}
	}
	return first
}

func (p Params) parsePair(pair string) error {
	rawName, rawValue, _ := strings.Cut(pair, "=")
	name, err := url.QueryUnescape(rawName)
	if err != nil || !slices.Contains(p.names, name) {
		return nil
	}
	value, err := url.QueryUnescape(rawValue)
	if err != nil {
		return wire.Errorf(wire.BadRequest, "%s has a broken %% escape: write a %% itself as %%25", name)
	}
	return p.Add(name, value)
}

// Get is the value of a parameter; false where it is missing.
func (p Params) Get(name string) (string, bool) {
	if v := p.values[name]; len(v) == 1 {
		return v[0], true
	}
	return "", false
}

// maxDigits keeps numbers inside what every client can count to.
const maxDigits = 15

// Number is the value of a parameter in decimal digits; false where it is
// missing.
func (p Params) Number(name string) (n uint64, given bool, err error) {
	v, ok := p.Get(name)
	if !ok {
		return 0, false, nil
	}
	n, err = ParseNumber(name, v)
	return n, err == nil, err
}

// ParseNumber reads decimal digits. The name is for the error, a wire.Error.
func ParseNumber(name, v string) (uint64, error) {
	if v == "" || len(v) > maxDigits || strings.Trim(v, "0123456789") != "" {
		return 0, wire.Errorf(wire.BadRequest, "%s is not a number of 1 to %d decimal digits", name, maxDigits)
	}
	return strconv.ParseUint(v, 10, 64)
}

// ReadBody reads a request's body of at most limit bytes. A longer one is
// wire.TooLarge; one that does not arrive is wire.BadRequest.
func ReadBody(r *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	switch {
	case err != nil:
		return nil, wire.Errorf(wire.BadRequest, "the body did not arrive whole")
	case int64(len(body)) > limit:
		Overlong(r, limit)
		return nil, errBody(limit)
	}
	r.Body = http.NoBody // net/http closes one that has ended, and then none can tell any more that it had
	return body, nil
}

// Overlong reads on, up to limit bytes, in a body that is refused: many clients
// look for an answer only when they have sent all, and find a broken connection
// where they could not.
func Overlong(r *http.Request, limit int64) { _, _ = io.CopyN(io.Discard, r.Body, limit) }

func errBody(limit int64) error {
	return wire.Errorf(wire.TooLarge, "the body is over %d bytes", limit)
}
