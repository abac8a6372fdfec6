package conformance

import (
	"github.com/polysocket/polysocket/conformance/target"
)

var paramRules = []rule{
	every("any.unknown", "ignored", testUnknownParameter),
	every("any.malformed", "decimals", testDecimals),
	on("any.malformed", "words", testMalformedWords),
	every("any.twice", "400", testTwice),
	every("any.urlencoded", "semicolons", testSemicolons),
	every("any.urlencoded", "escapes", testEscapes),
}

func testUnknownParameter(t *T) {
	tg := t.target(target.Options{})
	// Also what other endpoints name, malformed or twice.
	s := t.open(tg.URL, "zzz=1", "zzz=2", "ttl=x", "ttl=y", "d=1", "d=2", "t=x", "host=?", "a=-", "é=é")
	s.form("t=t", "d=hello", "zzz=1", "zzz=2", "ttl=x", "from=", "target=1", "target=2", "max=-").do().is(201)
	s.raw("raw", "t=t", "zzz=1", "zzz=2", "host=").do().is(201)
	tg.Accept().Saw("text hello", "text raw")
	s.poll("ttl=0", "zzz=1", "zzz=2", "n=x", "d=1", "d=2", "t=x", "code=x", "m=7").do().has("heartbeat")
	for _, carrier := range []string{"x", "e"} {
		s.stream(carrier, "ttl=x", "zzz=1", "zzz=2", "n=x", "d=1", "d=2", "t=x", "s=", "stream=x", "status=x").open().quiet(0)
	}
	s.many(sockets(s.after(0)), "ttl=0", "zzz=1", "zzz=2", "n=x", "d=1", "d=2", "t=x", "a=x", "a=y", "code=x").do().holds()
	a := t.get("/relay", "host="+s.host, "ttl=x", "zzz=1", "zzz=2").do().is(200)
	if a.body.Alive == nil || !*a.body.Alive {
		t.Errorf("%v\n  want alive", a)
	}
}

func testDecimals(t *T) {
	s, c := t.pair(target.Options{})
	s.poll("a=0", "ttl=0").do().is(200)
	for _, v := range []string{"", "-1", "+1", "1.0", " 1", "1 ", "0x1", "1e3", "x", "1234567890123456", "0000000000000001", "١", "1,1"} {
		for _, name := range []string{"ttl", "max", "a"} {
			a := s.poll(name+"="+v, noWait(name)).do().fails(400, "bad_request")
			a.names(name)
		}
		for _, name := range []string{"hb", "max", "a"} {
			for _, carrier := range carriers {
				if a := s.stream(carrier, name+"="+v).do().fails(400, "bad_request"); carrier != "m" || name != "a" {
					a.names(name)
				}
			}
		}
		s.many(sockets(s.after(0)), "ttl="+v).do().fails(400, "bad_request").names("ttl")
		s.many(sockets(s.after(0)), "max="+v, "ttl=0").do().fails(400, "bad_request").names("max")
		s.form("t=t", "d=x", "n="+v).do().fails(400, "bad_request").names("n")
		s.form("t=t", "d=x", "a="+v).do().fails(400, "bad_request").names("a")
		s.raw("x", "t=t", "n="+v).do().fails(400, "bad_request")
		s.jsonp("t=c", "code="+v).do().fails(400, "bad_request").names("code")
	}
	// Fifteen digits are well-formed, whatever they mean.
	s.form("t=t", "d=x", "n=999999999999999").do().fails(409, "out_of_window")
	s.poll("a=999999999999999", "ttl=0").do().fails(400, "bad_request")
	s.form("t=t", "d=hello", "n=000000000000001", "a=000000000000000").do().reached(1)
	c.Saw("text hello")
	c.Text("x")
	s.poll("ttl=999999999999999", "max=999999999999999", "a=0").do().has("text x").at(1)
}

func noWait(name string) string {
	if name == "ttl" {
		return "zzz="
	}
	return "ttl=0"
}

func testMalformedWords(t *T) {
	s, c := t.pair(target.Options{})
	for _, v := range []string{"", "x", "T", "tt", "t ", "text"} {
		s.form("d=x", "t="+v).do().fails(400, "bad_request").names("t")
	}
	for _, v := range []string{"2", "-1", "x", "true"} {
		s.form("t=t", "d=x", "m="+v).do().fails(400, "bad_request").names("m")
	}
	for _, v := range []string{"", "1a", "a-b"} {
		s.poll("ttl=0", "cb="+v).do().fails(400, "bad_request").names("cb")
	}
	t.create("http://127.0.0.1/").do().fails(400, "bad_request").names("target")
	t.create("ws://127.0.0.1:1/", "nonce=short").do().fails(400, "bad_request").names("nonce")
	t.create("ws://127.0.0.1:1/", "protocols=a,a").do().fails(400, "bad_request").names("protocols")
	s.form("t=t", "d=unharmed").do().is(201)
	c.Saw("text unharmed")
}

func testTwice(t *T) {
	tg := t.target(target.Options{})
	for _, p := range []string{"from=" + caller, "target=" + tg.URL, "protocols=a", "token=x", "nonce=0123456789abcdef", "nonce="} {
		t.create(tg.URL, p, p).do().is(400)
		t.post("/create", p).form("from="+caller, "target="+tg.URL, p, p).do().fails(400, "bad_request")
	}
	t.post("/create", "from="+caller).form("from="+caller, "target="+tg.URL).do().fails(400, "bad_request").names("from")
	t.post("/create", "token=x").form("from="+caller, "target="+tg.URL, "token=x").do().fails(400, "bad_request").names("token")
	if n := tg.Dialled(); n != 0 {
		t.Errorf("any.twice: the target was dialled %d times", n)
	}

	s := t.open(tg.URL)
	c := tg.Accept()
	for _, name := range []string{"t=t", "d=x", "n=1", "a=0", "m=0", "status=200"} {
		kv := []string{"t=t", "d=x", "n=1", "a=0", "m=0", "status=200"}
		a := s.jsonp(append(kv, name)...).do().is(400, 200)
		if a.body.Code != "bad_request" {
			t.Errorf("%v\n  want: bad_request", a)
		}
		s.form(append(kv[:5:5], name, name)...).do().is(400, 200)
		s.t.post(s.path("s"), name).to(s.host).form(kv...).do().is(400, 200)
		s.raw("", append(kv, name)...).do().is(400, 200)
	}
	s.form("t=c", "code=1000", "code=1000").do().fails(400, "bad_request").names("code")
	s.form("t=c", "code=1000", "reason=", "reason=").do().fails(400, "bad_request").names("reason")
	for _, name := range []string{"ttl=0", "max=1", "a=0", "cb=f"} {
		s.poll(name, name, noWait(name[:3])).do().fails(400, "bad_request")
	}
	for _, carrier := range carriers {
		for _, name := range []string{"hb=1000", "max=1"} {
			s.stream(carrier, name, name).do().fails(400, "bad_request").names(name[:2])
		}
	}
	s.stream("x", "a=0", "a=0").do().fails(400, "bad_request").names("a")
	for _, name := range []string{sockets(s.after(0)), "stream=0", "ttl=0", "max=1", "cb=f"} {
		kv := []string{sockets(s.after(0)), "stream=0", "ttl=0", "max=1", "cb=f"}
		s.many(append(kv, name)...).do().fails(400, "bad_request")
		s.manyByForm(append(kv, name)...).do().fails(400, "bad_request")
		s.t.post("/m", name).to(s.host).form(kv...).do().fails(400, "bad_request")
	}
	t.get("/relay", "host="+s.host, "host="+s.host).do().fails(400, "bad_request").names("host")
	s.form("t=t", "d=unharmed").do().is(201)
	c.Saw("text unharmed")
}

func testSemicolons(t *T) {
	s, c := t.pair(target.Options{})
	s.t.get(s.path("s")).to(s.host).bare("cb=f&t=t&d=a;d=b;c").do().is(201)
	s.t.post(s.path("s")).to(s.host).as("application/x-www-form-urlencoded", "t=t&d=a;n=9").do().is(201)
	c.Saw("text a;d=b;c", "text a;n=9")
	s.poll().bare("ttl=0;a=0").do().fails(400, "bad_request").names("ttl")
	s.poll().bare("ttl=0&x=1;a=x").do().has("heartbeat")
}

func testEscapes(t *T) {
	s, c := t.pair(target.Options{})
	for _, broken := range []string{"%", "%4", "%zz", "%4g", "a%", "%%41", "%u0041"} {
		for what, a := range map[string]*ask{
			"a value in a query":  s.jsonp().bare("cb=f&t=t&d=" + broken),
			"a value in a form":   s.form().as("application/x-www-form-urlencoded", "t=t&d="+broken),
			"a value of a stream": s.stream("x").bare("hb=" + broken),
			"a value in /m":       s.manyByForm().as("application/x-www-form-urlencoded", "ttl=0&s="+broken),
			"a value in create":   t.get("/create").bare("from=x&target=ws:" + broken),
		} {
			t.sub(what+" "+broken, func(t *T) {
				a.t = t
				a.do().fails(400, "bad_request")
			})
		}
		// What the endpoint does not name is ignored, however it is written.
		s.poll().bare("ttl=0&zzz=" + broken).do().is(200)
		s.poll().bare("ttl=0&" + broken + "=1").do().is(200)
	}
	as := func(body string) { s.form().as("application/x-www-form-urlencoded", body).do().is(201) }
	as("&&t=t&&d=a+b%2Bc%20d&")
	as("%74=%74&d=%C3%A9=é&=nameless")
	as("d&t=t")
	as("t=t&d=%26%3d%3D%00")
	c.Saw("text a b+c d", "text é=é", "text ", "text &==\x00")
}
