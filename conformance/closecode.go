package conformance

import (
	"fmt"
	"strings"

	"github.com/polysocket/polysocket/conformance/target"
)

var closeCodeRules = []rule{
	every("up.close-code", "allowed", testCloseCodes),
	every("up.close-code", "denied", testCloseCodesDenied),
}

func testCloseCodes(t *T) {
	for _, c := range []struct {
		params string
		want   string
	}{
		{"", "close 1005"}, {"code=1000", "close 1000"}, {"code=1001", "close 1001"}, {"code=3000", "close 3000"}, {"code=4999", "close 4999"},
		{"code=000000000001000", "close 1000"}, {"code=1000&reason=", "close 1000"},
		{"code=1000&reason=" + strings.Repeat("r", 123), "close 1000 " + strings.Repeat("r", 123)},
		{"code=4000&reason=" + strings.Repeat("é", 61) + "<", "close 4000 " + strings.Repeat("é", 61) + "<"},
	} {
		for _, how := range []string{"form", "jsonp", "raw", "numbered"} {
			t.sub(fmt.Sprint(how, " ", clip(c.params)), func(t *T) {
				s, conn := t.pair(target.Options{})
				kv := []string{"t=c"}
				if c.params != "" {
					kv = append(kv, strings.Split(c.params, "&")...)
				}
				a := s.form(kv...)
				switch how {
				case "jsonp":
					a = s.jsonp(kv...)
				case "raw":
					a = s.raw("", kv...)
				case "numbered":
					a = s.form(append(kv, "n=1")...)
				}
				a.do().is(201, 403) // its own end may be its answer
				conn.Saw(c.want)
				s.expect(c.want) // which the target has answered alike
			})
		}
	}
}

func testCloseCodesDenied(t *T) {
	s, c := t.pair(target.Options{})
	for _, code := range []string{"0", "1", "999", "1002", "1003", "1004", "1005", "1006", "1007", "1008", "1009", "1010", "1011", "1012", "1015", "1016", "2000", "2999", "5000", "65536", "66536"} {
		s.form("t=c", "code="+code).do().fails(400, "bad_request").names("code")
		s.form("t=c", "code="+code, "n=1").do().fails(400, "bad_request").names("code")
	}
	for _, reason := range []string{strings.Repeat("r", 124), strings.Repeat("é", 62), strings.Repeat("😀", 31), "\xff", "a\xc3"} {
		s.form("t=c", "code=1000", "reason="+reason).do().fails(400, "bad_request").names("reason")
	}
	s.form("t=c", "reason=bye").do().fails(400, "bad_request")
	s.jsonp("t=c", "reason=bye").do().fails(400, "bad_request")
	s.form("t=t", "d=unharmed", "n=1").do().reached(1)
	c.Saw("text unharmed")
}
