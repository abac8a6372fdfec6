package conformance

import (
	"fmt"
	"strings"

	"github.com/polysocket/polysocket/conformance/target"
)

var streamEndRules = []rule{
	every("stream.max", "KiB", testStreamMax),
	every("stream.max", "endless", testStreamEndless),
	every("stream.close", "the last", testStreamClose),
	every("stream.close", "kept", testStreamCloseKept),
	on("stream.end", "then the next request", testStreamThenNext),
	on("stream.end", "requests that wait behind it", testStreamPipelined),
	on("any.http10", "a connection goes on after a long poll", testPollThenNext),
}

func padded(i int) string { return fmt.Sprint(i) + strings.Repeat("x", 699) }

func testStreamMax(t *T) {
	t.streams(func(t *T, carrier string) {
		s, c := t.pair(target.Options{})
		for i := range 5 {
			c.Text(padded(i))
		}
		s.waiting(5)
		for max, count := range map[int]int{1: 2, 2: 3} {
			st := s.stream(carrier, a(0), fmt.Sprint("max=", max)).open().at(1)
			for i := range count {
				st.has("text " + padded(i))
			}
			st.ends()
		}
		// What comes later counts as what waits does, and an end loses nothing.
		st := s.stream(carrier, a(4), "max=1").open().at(5).has("text " + padded(4))
		c.Text("5")
		st.has("text 5")
		c.Text(padded(6), "7")
		st.has("text " + padded(6)).ends()
		s.stream(carrier, a(7), "max=1").open().at(8).has("text 7")
		// A message has no bounds: the first is sent, however big.
		big := strings.Repeat("b", t.srv.MessageLimit-10)
		c.Text(big, "9")
		s.stream(carrier, a(8), "max=3").open().at(9).has("text " + big).ends()
		if carrier == "m" {
			return
		}
		s.stream(carrier, a(9)).open().at(10).has("text 9")
		c.Text(padded(10), padded(11), padded(12), padded(13))
		s.stream(carrier, "max=1").open().at(10).has("text 9", "text "+padded(10), "text "+padded(11)).ends()
		s.stream(carrier, "max=1").open().at(13).has("text "+padded(12), "text "+padded(13)).ends()
	})
}

func testStreamEndless(t *T) {
	t.streams(func(t *T, carrier string) {
		s, c := t.pair(target.Options{})
		for _, kv := range [][]string{{a(0)}, {a(0), "max=0"}, {a(0), "max=999999999999999"}} {
			st := s.stream(carrier, kv...).open().at(1)
			if kv[len(kv)-1] == a(0) {
				for i := range 200 {
					c.Text(padded(i))
				}
			}
			for i := range 200 {
				st.has("text " + padded(i))
			}
		}
	})
}

func testStreamClose(t *T) {
	t.streams(func(t *T, carrier string) {
		for _, waits := range []bool{false, true} {
			s, c := t.pair(target.Options{})
			st := (*stream)(nil)
			if !waits {
				st = s.stream(carrier, a(0)).open()
			}
			c.Text("last")
			c.Close(4000, "bye")
			if waits {
				s.waiting(2)
				st = s.stream(carrier, a(0)).open()
			}
			st.at(1).has("text last", "close 4000 bye").ends()
		}
		// The client's own close is one too.
		s, c := t.pair(target.Options{})
		st := s.stream(carrier, a(0)).open().at(1)
		s.form("t=c", "code=1000", "reason=done").do().is(201, 403)
		c.Saw("close 1000 done")
		st.has("close 1000 done").ends()
		// And a connection that breaks.
		s, c = t.pair(target.Options{})
		st = s.stream(carrier, a(0)).open().at(1)
		c.Text("before")
		st.has("text before")
		c.Drop()
		st.has("close 1006 unclean").ends()
	})
}

func testStreamCloseKept(t *T) {
	t.streams(func(t *T, carrier string) {
		s, c := t.pair(target.Options{})
		c.Text("one")
		c.Close(4000, "bye")
		s.waiting(2)
		for range 2 {
			s.stream(carrier, a(0)).open().at(1).has("text one", "close 4000 bye").ends()
		}
		s.stream(carrier, a(1)).open().at(2).has("close 4000 bye").ends()
		s.form("t=t", "d=late", a(1)).do().fails(403, "no_socket")
		s.poll(a(1)).do().has("close 4000 bye").at(2)
		s.form(a(2)).do().fails(403, "no_socket")
		s.gone()
		if carrier == "m" {
			s.stream(carrier, a(2)).open().lacks(s).ends()
			return
		}
		// Without a what was sent is acknowledged, the close too.
		s, c = t.pair(target.Options{})
		c.Close(1000, "")
		s.stream(carrier).open().at(1).has("close 1000").ends()
		s.stream(carrier).do().fails(403, "no_socket")
		s.gone()
	})
}

// testStreamThenNext ends streams in every way and asks on.
func testStreamThenNext(t *T) {
	t.streams(func(t *T, carrier string) {
		s, c := t.pair(target.Options{})
		w := t.wire()
		next := func(how string, end func()) {
			t.Helper()
			resp := w.ask(s.stream(carrier, a(0), "max=1")).head()
			if resp.StatusCode != 200 || resp.Close || len(resp.TransferEncoding) != 1 || resp.TransferEncoding[0] != "chunked" {
				t.Fatalf("stream.end: %s: %s, close %v, Transfer-Encoding %q; want chunks and the connection kept", how, resp.Status, resp.Close, resp.TransferEncoding)
			}
			b := make([]byte, 1)
			resp.Body.Read(b)
			end()
			w.rest(resp)
			if got := w.ask(t.get("/relay", "host=x").to(s.host)).answer(); !strings.Contains(got, `"alive"`) {
				t.Fatalf("stream.end: %s: the next answer on the connection: %q", how, got)
			}
		}
		next("superseded", func() { s.poll(a(0), "ttl=0").do().has("heartbeat") })
		next("at max", func() { c.Text(padded(0), padded(1)) })
		s.form(a(2)).do().is(201)
		next("at the close", func() { c.Close(1000, "") })
		// An error that stands in a stream's place keeps the connection as well.
		if carrier != "m" {
			w.ask(t.get("/" + carrier + "/none").to(s.host)).refused(403)
		}
		w.ask(s.stream(carrier, "hb=x")).refused(400)
		w.ask(t.get("/relay", "host=x").to(s.host)).answer()
	})
}

// testStreamPipelined has the next requests there before a stream ends; together with it, or after its beginning.
func testStreamPipelined(t *T) {
	t.streams(func(t *T, carrier string) {
		for _, together := range []bool{false, true} {
			s, c := t.pair(target.Options{})
			big := strings.Repeat("b", 300<<10) // more than a server would read ahead
			first := s.stream(carrier, a(0), "max=1")
			rest := []*ask{s.jsonp("t=t", "d=behind"), s.raw(big, "t=t"), s.poll(a(2), "ttl=30000"), s.stream(carrier, a(3), "max=1")}
			w := t.wire()
			if !together {
				w.ask(first)
			} else {
				w.ask(append([]*ask{first}, rest...)...)
			}
			resp := w.head()
			if !together {
				w.ask(rest...)
			}
			c.Text(padded(0), padded(1))
			if got := w.rest(resp); !strings.Contains(got, padded(1)) {
				t.Fatalf("stream.end: the stream before what waits: got %q", clip(got))
			}
			for _, want := range []string{"behind", big} {
				if resp := w.head(); resp.StatusCode != 201 || w.rest(resp) == "" {
					t.Fatalf("stream.end: a send behind a stream: got %s", resp.Status)
				}
				c.Saw("text " + want)
			}
			c.Text("three")
			if got := w.answer(); !strings.Contains(got, `"three"`) {
				t.Fatalf("stream.end: the poll behind a stream: got %q", got)
			}
			c.Close(4000, "bye")
			if got := w.answer(); !strings.Contains(got, "bye") {
				t.Fatalf("stream.end: the stream behind a poll: got %q", got)
			}
			w.ask(t.get("/relay", "host=x").to(s.host)).answer()
		}
	})
}

// testPollThenNext asks on after long polls that waited.
func testPollThenNext(t *T) {
	s, c := t.pair(target.Options{})
	w := t.wire()
	for i, path := range []string{"/j", "/m", "/j", "/m"} {
		poll := s.poll(a(i), "ttl=30000")
		if path == "/m" {
			poll = s.many(sockets(s.after(i)), "ttl=30000")
		}
		send := s.jsonp("t=t", fmt.Sprint("d=", i))
		if w.ask(poll); i > 1 { // it is there before the answer
			w.ask(send)
		}
		t.get("/relay", "host=x").do().is(200)
		c.Text(fmt.Sprint("down ", i))
		if got := w.answer(); !strings.Contains(got, fmt.Sprint("down ", i)) {
			t.Fatalf("%v\n  got: %q", poll, got)
		}
		if i < 2 {
			w.ask(send)
		}
		if resp := w.head(); resp.StatusCode != 201 || w.rest(resp) == "" {
			t.Fatalf("a send behind a long poll: %s", resp.Status)
		}
		c.Saw(fmt.Sprint("text ", i))
	}
	// At ttl, and superseded.
	if got := w.ask(s.poll(a(4), "ttl=300")).answer(); !strings.Contains(got, "heartbeat") {
		t.Fatalf("a poll that came to its ttl: %q", got)
	}
	w.ask(s.poll(a(4), "ttl=30000"))
	t.eventually("the poll is superseded", func() bool {
		s.poll(a(4), "ttl=0").do().is(200)
		return w.ready()
	})
	w.answer()
	w.ask(t.get("/relay", "host=x").to(s.host)).answer()
}
