package conformance

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var endRules = []rule{
	every("end.kept", "until acknowledged", testCloseKept),
	on("end.kept", "for the grace period", testCloseKeptGrace, short("grace", grace)),
	every("end.send", "403 from /s", testSendAfterEnd),
	every("end.echo", "as it came", testCloseEchoed),
	every("end.resume", "a reader that vanishes", testResume),
	on("end.resume", "in the middle of an answer", testResumeMidway),
}

func testCloseKept(t *T) {
	for _, last := range []string{"/j", "/s"} {
		t.sub("acknowledged on "+last, func(t *T) {
			s, c := t.pair(target.Options{})
			c.Text("one")
			c.Close(4000, "bye")
			s.waiting(2).has("text one", "close 4000 bye").at(1)
			for range 3 {
				s.poll("a=0").do().has("text one", "close 4000 bye").at(1)
			}
			for range 3 {
				s.poll("a=1").do().has("close 4000 bye").at(2)
				s.poll("a=0").do().has("close 4000 bye").at(2)
				s.poll("a=1", "cb=f").do().has("close 4000 bye").at(2)
			}
			s.poll("a=3").do().fails(400, "bad_request")
			if last == "/j" {
				s.poll("a=2").do().fails(403, "no_socket")
			} else {
				s.form("a=2").do().fails(403, "no_socket")
			}
			s.poll("a=2").do().fails(403, "no_socket")
			s.poll("a=1", "ttl=0").do().fails(403, "no_socket")
			s.form("a=2").do().fails(403, "no_socket")
			s.gone()
		})
	}
}

func testCloseEchoed(t *T) {
	for _, reason := range []string{"", "grüße", strings.Repeat("r", 123)} {
		s, c := t.pair(target.Options{})
		c.Close(4001, reason)
		c.Saw(strings.TrimSpace("close 4001 " + reason))
		s.expect(strings.TrimSpace("close 4001 " + reason))
	}
}

func testCloseKeptGrace(t *T) {
	s, c := t.pair(target.Options{})
	c.Close(4000, "bye")
	s.waiting(1)
	t.pass(t.srv.Grace / 2)
	s.poll("a=0").do().has("close 4000 bye")
	t.pass(t.srv.Grace + 2*time.Second)
	s.poll("a=0").do().fails(403, "no_socket")
}

func testSendAfterEnd(t *T) {
	s, c := t.pair(target.Options{})
	c.Text("one", "two")
	c.Close(4000, "bye")
	s.waiting(3).has("text one", "text two", "close 4000 bye")
	s.form("t=t", "d=late", "a=1").do().fails(403, "no_socket")
	s.poll("a=0").do().has("text two", "close 4000 bye").at(2) // its a was applied
	s.raw("late", "t=t", "n=1", "a=2").do().fails(403, "no_socket")
	s.form("t=c", "code=1000").do().fails(403, "no_socket")
	s.raw("", "t=f").do().fails(403, "no_socket") // and be there nothing in it
	s.jsonp("t=t", "d=late").do().fails(403, "no_socket")
	s.poll("a=0").do().has("close 4000 bye").at(3)
	s.form("a=2").do().is(201) // without t it only acknowledges
	s.poll("a=2").do().has("close 4000 bye").at(3)
	s.poll("a=3").do().fails(403, "no_socket")
}

func testResume(t *T) {
	s, c := t.pair(target.Options{})
	next := 0
	for i := range 6 {
		// Cut a read that waits; the target's message comes while no one reads, or just then.
		p := s.parked(a(next), "ttl=30000", "zzz="+fmt.Sprint(i))
		if i%2 == 0 {
			p.cut()
			c.Text(fmt.Sprint(i))
		} else {
			c.Text(fmt.Sprint(i))
			p.cut()
		}
		// The next reader goes on after its a, by another transport.
		kv := []string{a(next), "ttl=10000"}
		if i%3 == 0 {
			kv = append(kv, "cb=f")
		}
		s.resumed(kv...).has(fmt.Sprint("text ", i)).at(int64(next + 1))
		next++
	}
	// An answer that was written is not an answer that was read.
	c.Text("again")
	s.resumed(a(next)).has("text again")
	s.resumed(a(next), "cb=f").has("text again")
}

// A read that was cut may arrive after the one that follows it, and supersede it: that is then answered without messages,
// and begins again, as a client does.
const superseded = 10 // times, and not more

// parked begins a read that waits.
func (s *socket) parked(kv ...string) *pending {
	s.t.Helper()
	for range superseded {
		p := s.poll(kv...).start()
		a := p.within(50 * time.Millisecond)
		if a == nil {
			return p
		}
		a.has()
	}
	s.t.Fatal("a read is superseded again and again")
	return nil
}

// resumed is a read that brings something.
func (s *socket) resumed(kv ...string) *answer {
	s.t.Helper()
	for range superseded {
		if a := s.poll(kv...).do(); len(a.messages()) > 0 {
			return a
		}
	}
	s.t.Fatal("a read is superseded again and again")
	return nil
}

// testResumeMidway breaks the connection off inside of an answer's body.
func testResumeMidway(t *T) {
	s, c := t.pair(target.Options{})
	big := strings.Repeat("0123456789abcdef", (t.srv.MessageLimit-100)/16)
	c.Text(big)
	c.Text("small")
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		req, err := s.poll("a=0", "ttl=20000").build(ctx)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := t.rt.RoundTrip(req)
		if err != nil {
			t.Fatalf("GET %v: %v", req.URL, err)
		}
		io.CopyN(io.Discard, bufio.NewReader(resp.Body), 1000)
		cancel()
		resp.Body.Close()
	}
	s.expect("text "+big, "text small")
}
