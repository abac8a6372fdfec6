package conformance

import (
	"fmt"
	"strings"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var streamRules = []rule{
	every("stream.headers", "and no more", testStreamHeaders),
	every("stream.first", "at once", testStreamFirst),
	every("stream.hb", "between 1 s and 60 s", testStreamHB),
	on("stream.hb", "left out", testStreamDefaultHB, long),
	every("stream.heartbeat", "after a message", testStreamHeartbeat),
	every("stream.heartbeat", "no number", testStreamHeartbeatNumber),
	every("stream.data", "as it comes", testStreamData),
	every("stream.data", "big", testStreamBig),
	every("stream.refused", "errors", testStreamRefused),
}

// testStreamHeaders asks as a browser does; what every stream's headers must be is checked when any is opened.
func testStreamHeaders(t *T) {
	t.streams(func(t *T, carrier string) {
		s, c := t.pair(target.Options{})
		long := strings.Repeat("squeeze me ", 5000)
		c.Text(long)
		for _, kv := range [][]string{{a(0)}, {a(0), "hb=5000"}, {a(0), "max=1"}} {
			st := s.stream(carrier, kv...).from(t.srv.GoodOrigin).with("Accept-Encoding", "gzip, deflate, br, zstd").open()
			st.has("text " + long)
			if got := st.header.Values(allowOrigin); len(got) != 1 || got[0] != t.srv.GoodOrigin {
				t.Errorf("%v\n  %s: %q", st, allowOrigin, got)
			}
		}
	})
}

func testStreamFirst(t *T) {
	t.streams(func(t *T, carrier string) {
		s, c := t.pair(target.Options{})
		s.stream(carrier, a(0)).open().silent(200 * time.Millisecond) // how soon they came is checked when any is opened
		c.Text("waits")
		s.waiting(1)
		s.stream(carrier, a(0)).open().has("text waits") // and come first
	})
}

func testStreamHB(t *T) {
	t.streams(func(t *T, carrier string) {
		s, _ := t.pair(target.Options{})
		for given, want := range map[string]time.Duration{
			"0": time.Second, "999": time.Second, "000000000001400": 1400 * time.Millisecond,
		} {
			st := s.stream(carrier, "hb="+given).open()
			for i := 1; i <= 2; i++ {
				if d, least := st.beat(), time.Duration(i)*want; d < least-20*time.Millisecond || d > least+10*time.Second {
					t.Errorf("stream.hb: %v\n  heartbeat %d after %v, want %v", st, i+1, d, least)
				}
			}
		}
		s.stream(carrier, "hb=60001").open().silent(1200 * time.Millisecond)
		s.stream(carrier, "hb=999999999999999").open().silent(1200 * time.Millisecond)
	})
}

func testStreamDefaultHB(t *T) {
	t.streams(func(t *T, carrier string) {
		s, _ := t.pair(target.Options{})
		st := s.stream(carrier).open().silent(20 * time.Second)
		if d := st.beat(); d < 24*time.Second || d > 45*time.Second {
			t.Errorf("stream.hb: %v\n  the second heartbeat after %v, want 25 s", st, d)
		}
	})
}

// testStreamHeartbeat: it is what was sent last that a heartbeat comes hb after.
func testStreamHeartbeat(t *T) {
	t.streams(func(t *T, carrier string) {
		s, c := t.pair(target.Options{})
		st := s.stream(carrier, "hb=1500").open()
		for i := range 3 {
			st.quiet(700 * time.Millisecond)
			sent := time.Since(st.began)
			c.Text(fmt.Sprint(i))
			st.has(fmt.Sprint("text ", i))
			if d := st.beat(); d < sent+1480*time.Millisecond {
				t.Errorf("stream.heartbeat: %v\n  got one %v after a message was sent to it, want 1.5 s", st, d-sent)
			}
		}
	})
}

func testStreamHeartbeatNumber(t *T) {
	t.streams(func(t *T, carrier string) {
		s, c := t.pair(target.Options{})
		st := s.stream(carrier, a(0), "hb=1000").open().at(1)
		st.beat()
		c.Text("one")
		st.has("text one")
		st.beat()
		st.beat()
		c.Text("two")
		st.has("text two")
		s.form("a=2").do().is(201)
		s.form("a=3").do().fails(400, "bad_request")
		s.stream(carrier, a(2)).open().at(3).silent(50 * time.Millisecond)
	})
}

func testStreamData(t *T) {
	t.streams(func(t *T, carrier string) {
		s, c := t.pair(target.Options{})
		c.Text("waits")
		st := s.stream(carrier, a(0)).open().at(1).has("text waits")
		st.silent(100 * time.Millisecond)
		for _, m := range []string{"é<\u2028>\"\\\x00\x1f😀", "", "a\nb\r\nc\rd\n", "data: x\n\n", "\xef\xbb\xbfmark"} {
			c.Text(m)
			st.has("text " + m) // before the next is sent: it is not held back
		}
		c.Binary([]byte{0xfb, 0xff, 0x00, 0x01})
		c.Binary(nil)
		st.has("binary +/8AAQ==", "binary ")
		c.Raw(target.Part(1, false, "a"), control(target.OpPing, "between"), target.Part(0, false, ""))
		st.silent(100 * time.Millisecond)
		c.Raw(target.Part(0, true, "b"))
		st.has("text ab")
		// A number of them, together.
		var all [][]byte
		var want []string
		for i := range 500 {
			all, want = append(all, target.Text(fmt.Sprint(i))), append(want, fmt.Sprint("text ", i))
		}
		c.Raw([]byte(run(all...)))
		s.form("t=t", "d=up").do().is(201)
		c.Saw("text up")
		st.has(want...)
	})
}

func testStreamBig(t *T) {
	t.streams(func(t *T, carrier string) {
		s, c := t.pair(target.Options{})
		big := strings.Repeat("0123456789abcdef", t.srv.MessageLimit/16)
		st := s.stream(carrier, a(0)).open().at(1)
		for i := range 3 {
			c.Text(big)
			st.has("text " + big)
			s.form(a(i + 1)).do().is(201)
		}
		c.Text("small")
		st.has("text small")
	})
}

func testStreamRefused(t *T) {
	for _, id := range []string{"none", strings.Repeat("A", 22), strings.Repeat("x", 300)} {
		for _, carrier := range []string{"/x/", "/e/"} {
			t.get(carrier+id).do().fails(403, "no_socket")
			t.get(carrier+id, a(0), "hb=1000", "max=1").do().fails(403, "no_socket")
		}
	}
	t.streams(func(t *T, carrier string) {
		s, c := t.pair(target.Options{})
		c.Text("one")
		s.waiting(1)
		for _, bad := range []string{"hb=", "hb=x", "hb=-1", "hb=1e3", "hb=1234567890123456", "max=", "max=x", "max=-1", "a=x", "a=", "a=-1", "a=2"} {
			ans := s.stream(carrier, bad).do().fails(400, "bad_request")
			if name, _, _ := strings.Cut(bad, "="); name != "a" {
				ans.names(name)
			}
			if got := ans.header.Get("Content-Type"); !strings.HasPrefix(got, "application/json") {
				t.Errorf("%v\n  Content-Type: %q", ans, got)
			}
		}
		s.stream(carrier, "hb=1000", "hb=1000").do().fails(400, "bad_request").names("hb")
		s.stream(carrier, "max=1", "max=1").do().fails(400, "bad_request").names("max")
		s.stream(carrier).claiming("other.example").do().fails(421, "misdirected")
		if carrier != "m" {
			s.stream(carrier, a(0), a(0)).do().fails(400, "bad_request").names("a")
			s.stream(carrier).from(t.srv.GoodOrigin).open().has("text one") // binds its origin
			s.stream(carrier).from(strange).do().fails(403, "no_socket")
			st := s.stream(carrier, a(1)).open().at(2)
			c.Close(1000, "")
			st.has("close 1000").ends()
			s.stream(carrier, a(2)).do().fails(403, "no_socket")
			s.stream(carrier).do().fails(403, "no_socket")
		}
	})
}
