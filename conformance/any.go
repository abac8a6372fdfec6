package conformance

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/polysocket/polysocket/conformance/target"
)

var anyRules = []rule{
	every("any.method", "405", testMethod),
	every("any.no-store", "all", testNoStore),
	every("any.error", "shape", testErrorShape),
	every("any.not-found", "404", testNotFound),
	every("any.http10", "a conversation", testConversation),
}

func testMethod(t *T) {
	s, _ := t.pair(target.Options{})
	s.poll("ttl=0").do().is(200) // stops the clock of the first request
	for path, want := range map[string][]string{
		"/create":    {"GET", "POST"},
		"/relay":     {"GET"},
		s.path("s"):  {"GET", "POST"},
		s.path("j"):  {"GET"},
		s.path("x"):  {"GET"},
		s.path("e"):  {"GET"},
		"/m":         {"GET", "POST"},
		"/create?x=": {"GET", "POST"},
	} {
		p, q, _ := strings.Cut(path, "?")
		for _, method := range []string{"HEAD", "PUT", "DELETE", "PATCH", "PROPFIND", "POST"} {
			if slices.Contains(want, method) {
				continue
			}
			a := t.request(method, p).bare(q).to(s.host).do()
			if method == "HEAD" {
				a.is(405)
			} else {
				a.fails(405, "method_not_allowed")
			}
			var allow []string
			for m := range strings.SplitSeq(a.header.Get("Allow"), ",") {
				allow = append(allow, strings.TrimSpace(m))
			}
			for _, m := range want {
				if !slices.Contains(allow, m) {
					t.Errorf("%v\n  Allow: %q, want %q in it", a, allow, m)
				}
			}
			if slices.Contains(allow, "HEAD") || slices.Contains(allow, method) {
				t.Errorf("%v\n  Allow: %q", a, allow)
			}
		}
	}
	s.form("t=t", "d=unharmed").do().is(201)
}

// testNoStore asks for every kind of answer; the headers are checked on each answer of the whole suite.
func testNoStore(t *T) {
	s, c := t.pair(target.Options{})
	s.form("t=t", "d=x").do().is(201)
	s.jsonp("t=t", "d=x").do().is(201)
	s.jsonp("t=t").do().is(400)
	s.jsonp("t=t", "status=200").do().is(200)
	c.Text("x")
	s.poll().do().is(200)
	s.poll("ttl=0", "cb=f").do().is(200)
	s.poll("ttl=x").do().is(400)
	s.poll("ttl=0").claiming("other.example").do().is(421)
	t.get("/j/none").do().is(403)
	t.get("/x/none").do().is(403)
	t.get("/e/none").do().is(403)
	s.stream("x", "hb=x").do().is(400)
	s.many(sockets(s.after(0)), "ttl=0").do().is(200)
	s.many(sockets(s.after(0)), "ttl=0", "cb=f").do().is(200)
	s.many("s=x").do().is(400)
	t.get("/relay", "host="+s.host).do().is(200)
	t.get("/relay").do().is(400)
	t.get("/nope").do().is(404)
	t.request("PUT", "/create").do().is(405)
	t.request("HEAD", "/create").do().is(405)
	t.request("OPTIONS", "/create").do().is(204)
	t.request("OPTIONS", s.path("s")).to(s.host).do().is(204)
	t.get("/create").do().is(400)
	t.create("ws://127.0.0.1:1/").do().is(502)
}

func testErrorShape(t *T) {
	for _, a := range []*answer{
		t.get("/create").do().is(400),
		t.get("/nope").do().is(404),
		t.get("/s/none", "cb=f").do().is(403),
		t.get("/j/none").do().is(403),
		t.get("/j/none", "ttl=x").do().is(400, 403),
		t.get("/x/none").do().is(403),
		t.get("/e/none").do().is(403),
		t.get("/m").do().is(400),
		t.get("/m", "s=x", "stream=1").do().is(400),
		t.request("PUT", "/relay").do().is(405),
		t.get("/relay").claiming("other.example").do().is(421),
	} {
		text := strings.TrimSuffix(strings.TrimPrefix(string(a.raw), "/**/f("), ");")
		var got map[string]any
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Errorf("%v\n  %v", a, err)
		}
		delete(got, "ok")
		code, _ := got["code"].(string)
		sentence, _ := got["error"].(string)
		if len(got) != 2 || code == "" || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz_") != "" || sentence == "" {
			t.Errorf("%v\n  want only ok, error (a sentence) and code (a word)", a)
		}
		if !strings.HasPrefix(string(a.raw), "/**/") && !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
			t.Errorf("%v\n  Content-Type: %q", a, a.header.Get("Content-Type"))
		}
	}
}

func testNotFound(t *T) {
	s, _ := t.pair(target.Options{})
	paths := []string{"/nope", "/s", "/j", "/x", "/e", "/m/", "/m/" + s.id, "/create/", "/create/x", "/relay/", "/CREATE"}
	if t.srv.HTTP == "1.1" {
		paths = append(paths, "//create")
	}
	for _, p := range paths {
		t.sub(p, func(t *T) {
			t.get(p, "cb=f", "ttl=0", "t=t", "d=x").to(s.host).do().fails(404, "not_found")
			t.post(p).to(s.host).form("from="+caller, "target=ws://127.0.0.1:1/").do().fails(404, "not_found")
		})
	}
	// Below a socket there is nothing: no such path, or no such socket.
	t.get("/s/"+s.id+"/x", "cb=f", "t=t", "d=x").to(s.host).do().is(404, 403)
	t.get("/j/"+s.id+"/", "ttl=0").to(s.host).do().is(404, 403)
	t.get("/x/"+s.id+"/").to(s.host).do().is(404, 403)
	t.get("/e/"+s.id+"/x").to(s.host).do().is(404, 403)
	s.form("t=t", "d=unharmed").do().is(201)
}

// testConversation is a whole one, with an ordinary server at the far end; what every version must do.
func testConversation(t *T) {
	s := t.open(target.Echo(t))
	s.form("t=t", "d=hello", "n=1").do().reached(1)
	s.jsonp("t=t", "d=a;b & <c>", "n=2").do().reached(2)
	big := strings.Repeat("0123456789abcdef", 8<<10)
	s.raw(big, "t=t", "n=3").do().reached(3)
	s.raw("", "t=b", "n=4").do().reached(4)
	all := []string{"text hello", "text a;b & <c>", "text " + big, "binary "}
	for _, carrier := range carriers {
		s.stream(carrier, a(0)).open().at(1).has(all...)
	}
	s.expect(all...)
	s.poll("a=4", "ttl=0").do().has("heartbeat").at(5)
	s.form("t=c", "code=1000", "reason=bye", "n=5").do().is(201, 403)
	s.expect("close 1000 bye")
	s.poll("a=5").do().fails(403, "no_socket")
}
