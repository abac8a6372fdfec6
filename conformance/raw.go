package conformance

import (
	"github.com/polysocket/polysocket/conformance/target"
)

var rawRules = []rule{
	every("send.raw", "any type", testRawTypes),
	on("send.raw", "bytes", testRawBytes),
	every("send.raw", "beside", testRawBeside),
}

func testRawTypes(t *T) {
	s, c := t.pair(target.Options{})
	for _, ctype := range []string{
		"", "text/plain", "text/plain;charset=UTF-8", "application/json", "application/octet-stream", "multipart/form-data; boundary=x",
		"application/x-www-form-urlencoded2", "x-form", "a/b; c=application/x-www-form-urlencoded",
	} {
		s.raw("", "t=t").as(ctype, "t=b&d=%zz").do().is(201)
		c.Saw("text t=b&d=%zz")
	}
	s.t.post(s.path("s"), "t=t", "d=query").to(s.host).do().is(201)
	s.t.post(s.path("s"), "t=b", "d=AAE").to(s.host).do().is(201)
	c.Saw("text query", "binary \x00\x01")
	s.t.post(s.path("s"), "t=c", "code=4001", "reason=é").to(s.host).do().is(201, 403)
	c.Saw("close 4001 é")
}

func testRawBytes(t *T) {
	s, c := t.pair(target.Options{})
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	s.raw(string(all), "t=b").do().is(201)
	s.raw("AAE=", "t=b").do().is(201)
	s.raw("é€😀\x00", "t=t").do().is(201)
	c.Saw("binary "+string(all), "binary AAE=", "text é€😀\x00")
	for _, bad := range []string{"\xff", "\xc3", "\xed\xa0\x80", "\xc0\xaf", "\xf4\x90\x80\x80", "ok\x80"} {
		s.raw(bad, "t=t").do().fails(400, "bad_request")
	}
	s.raw("unharmed", "t=t").do().is(201)
	c.Saw("text unharmed")
}

func testRawBeside(t *T) {
	s, c := t.pair(target.Options{})
	s.raw("body", "t=t", "d=query").do().fails(400, "bad_request")
	s.raw("body", "t=t", "d=").do().fails(400, "bad_request")
	s.raw("body", "t=b", "d=AAE=").do().fails(400, "bad_request")
	s.raw("body", "t=c", "code=1000").do().fails(400, "bad_request")
	s.raw("x", "t=c").do().fails(400, "bad_request")
	s.raw("unharmed", "t=t", "n=1").do().reached(1)
	c.Saw("text unharmed")
}
