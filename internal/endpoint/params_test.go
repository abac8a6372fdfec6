package endpoint_test

import (
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/wire"
)

// is tells whether err is a wire.Error with the code, and names what is wrong.
func is(err error, code wire.ErrorCode, name string) bool {
	var e *wire.Error
	return errors.As(err, &e) && e.Code == code && strings.Contains(e.Message, name)
}

// values are those of the names a, b and "c d" in p.
func values(p endpoint.Params) map[string]string {
	got := map[string]string{}
	for _, name := range []string{"a", "b", "c d"} {
		if v, ok := p.Get(name); ok {
			got[name] = v
		}
	}
	return got
}

func TestParse(t *testing.T) {
	type want = map[string]string
	for encoded, want := range map[string]want{
		"":                      {},
		"&&&":                   {},
		"a=1&b=2":               {"a": "1", "b": "2"},
		"a":                     {"a": ""},
		"a=":                    {"a": ""},
		"=1":                    {},
		"a=b=c":                 {"a": "b=c"},
		"a=1+2%2B3":             {"a": "1 2+3"},
		"c+d=1":                 {"c d": "1"},
		"c%20d=1":               {"c d": "1"},
		"%61=1":                 {"a": "1"},
		"a=1;b=2":               {"a": "1;b=2"},
		"a=%c3%A9":              {"a": "é"},
		"a=%00%0d%0A":           {"a": "\x00\r\n"},
		"a=é":                   {"a": "é"},
		"A=1":                   {},
		"x=1&x=2&y&y&a=1":       {"a": "1"},
		"x=%zz&a=1&x%=2&%zz=3&": {"a": "1"},
		"cb=1&a=?a=2":           {"a": "?a=2"},
	} {
		p := endpoint.NewParams("a", "b", "c d")
		if err := p.Parse(encoded); err != nil || !maps.Equal(values(p), want) {
			t.Errorf("%q: %q, %v", encoded, values(p), err)
		}
	}
}

func TestParseBad(t *testing.T) {
	for _, test := range []struct {
		encoded, name string
		rest          map[string]string // what is well-formed
	}{
		{"a=1&a=2&b=3", "a", map[string]string{"b": "3"}},
		{"a=1&a=1", "a", nil},
		{"a&a", "a", nil},
		{"a=1&%61=2", "a", nil},
		{"b=%zz&a=1", "b", map[string]string{"a": "1"}},
		{"a=%", "a", nil},
		{"a=%4", "a", nil},
		{"a=1%", "a", nil},
		{"c+d=%xx", "c d", nil},
		{"a=1&a=2&a=3", "a", nil},
	} {
		p := endpoint.NewParams("a", "b", "c d")
		if err := p.Parse(test.encoded); !is(err, wire.BadRequest, test.name) || !maps.Equal(values(p), test.rest) {
			t.Errorf("%q: %v, %q", test.encoded, err, values(p))
		}
	}
}

// What is in the query and in the form is given twice, as well.
func TestParseTwice(t *testing.T) {
	p := endpoint.NewParams("a", "b")
	if err := p.Parse("a=1"); err != nil {
		t.Fatal(err)
	}
	if err := p.Parse("b=2&a=1"); !is(err, wire.BadRequest, "a is given twice") {
		t.Error(err)
	}
	if err := p.Add("b", "3"); !is(err, wire.BadRequest, "b is given twice") {
		t.Error(err)
	}
	if err := p.Add("x", ""); err != nil {
		t.Error(err)
	}
	if err := p.Add("x", ""); err != nil {
		t.Error(err)
	}
	if got := values(p); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

func TestNumber(t *testing.T) {
	for s, want := range map[string]uint64{"0": 0, "1": 1, "007": 7, "60000": 60000, "999999999999999": 999999999999999, "000000000000000": 0} {
		p := endpoint.NewParams("n")
		_ = p.Add("n", s)
		if n, given, err := p.Number("n"); err != nil || !given || n != want {
			t.Errorf("%q: %d, %v, %v", s, n, given, err)
		}
	}
	for _, s := range []string{"", " ", "-1", "+1", "1 ", " 1", "1.0", "1e3", "0x1", "1_000", "1000000000000000", "0000000000000001", "٣", "１", "1\n", "NaN"} {
		p := endpoint.NewParams("n")
		_ = p.Add("n", s)
		if n, given, err := p.Number("n"); given || !is(err, wire.BadRequest, "n is not") {
			t.Errorf("%q: %d, %v, %v", s, n, given, err)
		}
	}
	if n, given, err := endpoint.NewParams("n").Number("n"); n != 0 || given || err != nil {
		t.Errorf("missing: %d, %v, %v", n, given, err)
	}
}

func TestMediaType(t *testing.T) {
	for header, want := range map[string]string{
		"":                                  "",
		"application/x-www-form-urlencoded": endpoint.Form,
		"Application/X-WWW-Form-URLEncoded": endpoint.Form,
		"application/x-www-form-urlencoded;charset=UTF-8":  endpoint.Form,
		"application/x-www-form-urlencoded ; charset=utf8": endpoint.Form,
		"application/x-www-form-urlencoded; broken":        endpoint.Form,
		"application/x-www-form-urlencoded;":               endpoint.Form,
		"application/x-www-form-urlencodedx":               "application/x-www-form-urlencodedx",
		"application/json; a=1; a=2":                       "application/json",
		" application/json ":                               "application/json",
		"text/plain":                                       "text/plain",
		"garbage":                                          "garbage",
		"//":                                               "//",
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		if header != "" {
			r.Header.Set("Content-Type", header)
		}
		if got := endpoint.MediaType(r); got != want {
			t.Errorf("%q: %q", header, got)
		}
	}
}

func TestReadBody(t *testing.T) {
	post := func(body string) *http.Request {
		return httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	}
	for _, body := range []string{"", "abc", "abcd"} {
		if got, err := endpoint.ReadBody(post(body), 4); err != nil || string(got) != body {
			t.Errorf("%q: %q, %v", body, got, err)
		}
	}
	for over, left := range map[string]int{"abcde": 0, "abcdefghi": 0, "abcdefghijk": 2} {
		r := post(over)
		if got, err := endpoint.ReadBody(r, 4); got != nil || !is(err, wire.TooLarge, "4 bytes") {
			t.Errorf("%q: %q, %v", over, got, err)
		}
		rest := make([]byte, 20)
		if n, _ := r.Body.Read(rest); n != left {
			t.Errorf("%q: %d bytes are left, want %d: as much again is read on", over, n, left)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/", iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("abc"))))
	if got, err := endpoint.ReadBody(r, 4); got != nil || !is(err, wire.BadRequest, "whole") {
		t.Errorf("half a body: %q, %v", got, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a=1&b=2", "a=1&a=2", "a=%zz", "c+d=%20+", "a=1;b=2", "%61&=&&x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, encoded string) {
		p := endpoint.NewParams("a", "b", "c d")
		err := p.Parse(encoded)
		if err != nil && !is(err, wire.BadRequest, "") {
			t.Errorf("%q: %v", encoded, err)
		}
		want, theirErr := url.ParseQuery(encoded)
		if theirErr != nil {
			return
		}
		twice := false
		for _, name := range []string{"a", "b", "c d"} {
			got, given := p.Get(name)
			switch len(want[name]) {
			case 0:
				if given {
					t.Errorf("%q: %s is %q", encoded, name, got)
				}
			case 1:
				if !given || got != want.Get(name) {
					t.Errorf("%q: %s is %q, %v, want %q", encoded, name, got, given, want.Get(name))
				}
			default:
				twice = true
			}
		}
		if (err != nil) != twice {
			t.Errorf("%q: %v", encoded, err)
		}
	})
}

// What is given a million times is kept twice.
func TestParseTwiceKeepsLittle(t *testing.T) {
	p := endpoint.NewParams("d")
	if err := p.Parse(strings.Repeat("d=xx&", 100_000)); err == nil {
		t.Error("d is given 100,000 times, and that is no error")
	}
	if allocs := testing.AllocsPerRun(1, func() { _ = p.Parse(strings.Repeat("d=&", 100_000)) }); allocs > 50 {
		t.Errorf("parsing it takes %v allocations", allocs)
	}
	if _, ok := p.Get("d"); ok {
		t.Error("it has a value")
	}
}
