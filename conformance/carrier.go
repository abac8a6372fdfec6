package conformance

import (
	"strings"
)

// The carriers that are streams, by their endpoints. /m takes part with one socket.
var carriers = []string{"x", "e", "m"}

// streams runs a test with each of the streams.
func (t *T) streams(test func(t *T, carrier string)) {
	t.Helper()
	for _, carrier := range carriers {
		t.sub(carrier, func(t *T) {
			t.Parallel()
			test(t, carrier)
		})
	}
}

// on is the socket in the hands of another client.
func (s *socket) on(t *T) *socket {
	c := *s
	c.t = t
	return &c
}

// stream is a read by one of the carriers. For /m, a=0 stands for none.
func (s *socket) stream(carrier string, kv ...string) *ask {
	if carrier != "m" {
		return s.t.get(s.path(carrier), kv...).to(s.host)
	}
	named, rest := s.after(0), []string{"stream=1"}
	for _, p := range kv {
		if a, ok := strings.CutPrefix(p, "a="); ok {
			named = s.id + ":" + a
			continue
		}
		rest = append(rest, p)
	}
	return s.many(append(rest, sockets(named))...)
}

// reader is a read that waits, of any kind.
type reader interface {
	// superseded fails the test unless it ends as one that a newer has taken the place of.
	superseded()
	// brings fails the test unless it has, or ends with, the message.
	brings(text string)
}

// reads are all kinds of reads that wait, each from a on.
var reads = map[string]func(s *socket, a int) reader{
	"/j": func(s *socket, i int) reader { return longPoll{s, s.poll(a(i), "ttl=30000").start().held()} },
	"/m": func(s *socket, i int) reader {
		return longPollOfMany{s, s.many(sockets(s.after(i)), "ttl=30000").start().held()}
	},
	"/x": func(s *socket, i int) reader { return s.stream("x", a(i)).open() },
	"/e": func(s *socket, i int) reader { return s.stream("e", a(i)).open() },
	"/m, a stream": func(s *socket, i int) reader {
		return s.stream("m", a(i)).open()
	},
}

type longPoll struct {
	s *socket
	*pending
}

func (p longPoll) superseded()        { p.s.t.Helper(); p.wait().has() }
func (p longPoll) brings(text string) { p.s.t.Helper(); p.wait().has(text) }

type longPollOfMany struct {
	s *socket
	*pending
}

func (p longPollOfMany) superseded() { p.s.t.Helper(); p.wait().holds() }

func (p longPollOfMany) brings(text string) {
	p.s.t.Helper()
	for _, o := range p.wait().objects() {
		if o.Socket != p.s.id || o.Seq == nil || o.String() != p.s.sent(*o.Seq, text) {
			p.s.t.Fatalf("%v\n  want: %q", p.done, text)
		}
	}
}

func (st *stream) superseded()        { st.t.Helper(); st.ends() }
func (st *stream) brings(text string) { st.t.Helper(); st.has(text) }
