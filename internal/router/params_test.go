package router_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polysocket/polysocket/internal/wire"
)

func TestParamsBad(t *testing.T) {
	long := strings.Repeat("n", 65)
	for _, test := range []struct{ param, name string }{
		{"from", "from"},
		{"from=", "from"},
		{"target", "target"},
		{"target=", "target"},
		{"target=http://target.example/", "target"},
		{"target=ws://target.example/#", "target"},
		{"target=ws://u:p@target.example/", "target"},
		{"target=ws://", "target"},
		{"target=/path", "target"},
		{"target=ws://a b/", "target"},
		{"target=ws://a／b/", "target"},
		{"nonce=", "nonce"},
		{"nonce=" + long[:15], "nonce"},
		{"nonce=" + long, "nonce"},
		{"protocols=a,a", "protocols"},
		{"protocols=a,b, a", "protocols"},
		{"protocols=a,", "protocols"},
		{"protocols=,a", "protocols"},
		{"protocols=,", "protocols"},
		{"protocols= ", "protocols"},
		{"protocols=a b", "protocols"},
		{"protocols=a;b", "protocols"},
		{"protocols=é", "protocols"},
		{"protocols=a\r\nX: y", "protocols"},
		{"protocols=a/b", "protocols"},
		{`protocols="a"`, "protocols"},
		{"cb=", "cb"},
		{"cb=a-b", "cb"},
		{"cb=alert(1)", "cb"},
		{"cb=" + strings.Repeat("a", 129), "cb"},
	} {
		for way, request := range ways {
			t.Run(test.param+" "+way, func(t *testing.T) {
				r := newRig(t)
				a := r.do(request(params(test.param)))
				a.is(t, http.StatusBadRequest, wire.BadRequest, test.name)
				if a.cb != "" {
					t.Errorf("%s is JSONP", a.raw)
				}
				if len(r.auth.asked) > 0 || r.bus.listed > 0 {
					t.Error("it was authorised before it was judged")
				}
			})
		}
	}
}

func TestParamsGood(t *testing.T) {
	for _, test := range []struct {
		param     string
		protocols []string
		token     string
	}{
		{param: "x=unknown"},
		{param: "status=201"}, // which /create does not name
		{param: "nonce=" + strings.Repeat("n", 16)},
		{param: "nonce=" + strings.Repeat("é", 64)},
		{param: "token=s3cret", token: "s3cret"},
		{param: "protocols="},
		{param: "protocols=a", protocols: []string{"a"}},
		{param: "protocols=b, a ,C.d-e_f", protocols: []string{"b", "a", "C.d-e_f"}},
		{param: "protocols= a,A ", protocols: []string{"a", "A"}},
		{param: "from=<script>"},
		{param: "target=" + target},
	} {
		for way, request := range ways {
			t.Run(test.param+" "+way, func(t *testing.T) {
				r := newRig(t)
				r.do(request(params(test.param))).socket(t)
				if len(r.bus.requests) != 1 || len(r.auth.asked) != 1 {
					t.Fatalf("%d asked for, %d authorised", len(r.bus.requests), len(r.auth.asked))
				}
				if diff := cmp.Diff(test.protocols, r.bus.requests[0].Protocols); diff != "" {
					t.Errorf("protocols (-want +got)\n%s", diff)
				}
				if got := r.bus.requests[0].Target; got != target {
					t.Errorf("target %s", got)
				}
				if got := r.auth.asked[0]; got.Token != test.token || got.Target.String() != target {
					t.Errorf("authorised: %+v", got)
				}
			})
		}
	}
}

func TestParamsTwice(t *testing.T) {
	for _, name := range []string{"cb", "from", "target", "token", "protocols", "nonce"} {
		good := params("cb=a", "token=x", "protocols=a", "nonce=0123456789abcdef")
		again := name + "=" + good.Get(name)
		members := strings.TrimSuffix(object(good), "}")
		for way, request := range map[string]*http.Request{
			"query":          post(good.Encode()+"&"+again, "", ""),
			"form":           post("", form, again+"&"+good.Encode()),
			"query and form": post(again, form, good.Encode()),
			"query and JSON": post(again, "application/json", members+"}"),
			"JSON":           post("", "application/json", fmt.Sprintf("%s,%q:%q}", members, name, good.Get(name))),
		} {
			r := newRig(t)
			a := r.do(request)
			want := http.StatusOK
			if name == "cb" {
				want = http.StatusBadRequest // which of them would be called?
			}
			if a.is(t, want, wire.BadRequest, name+" is given twice"); r.bus.listed > 0 {
				t.Errorf("%s twice in %s: the bus was asked", name, way)
			}
		}
	}
}

func TestToken(t *testing.T) {
	for _, test := range []struct {
		name, header, param, want string
		bad                       bool
	}{
		{name: "none"},
		{name: "as a parameter", param: "token=x", want: "x"},
		{name: "empty", param: "token="},
		{name: "Bearer", header: "Bearer x.y-z=", want: "x.y-z="},
		{name: "in lower case", header: "bearer x", want: "x"},
		{name: "spaces", header: "Bearer   x ", want: "x"},
		{name: "another scheme", header: "Basic dTpw"},
		{name: "another scheme and a parameter", header: "Basic dTpw", param: "token=x", want: "x"},
		{name: "no scheme", header: "x"},
		{name: "both", header: "Bearer x", param: "token=x", bad: true},
		{name: "both, one empty", header: "Bearer x", param: "token=", bad: true},
	} {
		r := newRig(t)
		request := get(test.param)
		if test.header != "" {
			request.Header.Set("Authorization", test.header)
		}
		a := r.do(request)
		if test.bad {
			a.is(t, http.StatusBadRequest, wire.BadRequest, "token is given twice")
			continue
		}
		if a.socket(t); len(r.auth.asked) != 1 || r.auth.asked[0].Token != test.want {
			t.Errorf("%s: %+v", test.name, r.auth.asked)
		}
	}
}

func TestBody(t *testing.T) {
	good := object(params())
	rest := strings.TrimPrefix(good, "{")
	for name, test := range map[string]struct {
		media, body string
		status      int
		code        wire.ErrorCode
	}{
		"no type":                {"", good, 400, wire.BadRequest},
		"text":                   {"text/plain", good, 400, wire.BadRequest},
		"multipart":              {"multipart/form-data; boundary=x", "--x--", 400, wire.BadRequest},
		"no JSON":                {"application/json", "from=x", 400, wire.BadRequest},
		"nothing":                {"application/json", "", 400, wire.BadRequest},
		"null":                   {"application/json", "null", 400, wire.BadRequest},
		"an array":               {"application/json", `["from"]`, 400, wire.BadRequest},
		"half an object":         {"application/json", strings.TrimSuffix(good, "}"), 400, wire.BadRequest},
		"more behind it":         {"application/json", good + "{}", 400, wire.BadRequest},
		"a number":               {"application/json", `{"nonce":1234567890123456,` + rest, 400, wire.BadRequest},
		"null for a string":      {"application/json", `{"token":null,` + rest, 400, wire.BadRequest},
		"an array for a string":  {"application/json", `{"protocols":["a"],` + rest, 400, wire.BadRequest},
		"no string for cb":       {"application/json", `{"cb":false,` + rest, 400, wire.BadRequest},
		"other members":          {"application/json", `{"x":{"from":1},"y":[null,1e999],"x":0,"":"",` + rest, 200, ""},
		"escapes":                {"application/json", `{"fr\u006fm":"\ud83d\ude00","target":"` + target + `"}`, 200, ""},
		"spaces":                 {"application/json", " {\n \"from\" :\t\"x\" , \"target\":  \"" + target + "\"\r}\n", 200, ""},
		"upper case":             {"Application/JSON", good, 200, ""},
		"as large as it may be":  {form, params().Encode() + "&x=" + strings.Repeat("x", 64<<10-len(params().Encode())-3), 200, ""},
		"a byte larger":          {form, params().Encode() + "&x=" + strings.Repeat("x", 64<<10-len(params().Encode())-2), 413, wire.TooLarge},
		"a broken escape":        {form, "token=%&" + params().Encode(), 400, wire.BadRequest},
		"a broken one elsewhere": {form, "x=%&%=&" + params().Encode(), 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := newRig(t).do(post("", test.media, test.body))
			if test.code == "" {
				a.socket(t)
			} else {
				a.is(t, test.status, test.code, "")
			}
		})
	}
}
