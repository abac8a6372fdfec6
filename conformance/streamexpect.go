package conformance

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// take returns the next message, of the socket where one is given; false where none comes. The heartbeats before it are
// passed over.
func (st *stream) take(socket string, d time.Duration) (m item, ok bool) {
	st.t.Helper()
	ok = st.until(d, func() bool {
		var others []item
		for i, it := range st.inbox {
			switch {
			case it.text == heartbeat:
			case socket == "" || it.socket == socket:
				m, st.inbox = it, append(others, st.inbox[i+1:]...)
				return true
			default:
				others = append(others, it)
			}
		}
		return false
	})
	if !ok || m.seq == 0 {
		return m, ok
	}
	for _, want := range []int64{st.want, st.next[m.socket]} {
		if want != 0 && want != m.seq {
			st.t.Fatalf("%v\n  got: number %d, %q; want number %d", st, m.seq, clip(m.text), want)
		}
	}
	st.want, st.next[m.socket] = 0, m.seq+1
	return m, true
}

// at fails the test unless the next message has this number, as soon as that is known.
func (st *stream) at(seq int64) *stream {
	st.t.Helper()
	if got := st.header.Get(seqHeader); st.format.rule == frames.rule && len(st.next) == 0 && got != fmt.Sprint(seq) {
		st.t.Fatalf("x.seq: %v\n  %s: %q, want %d", st, seqHeader, got, seq)
	}
	st.want = seq
	return st
}

// has fails the test unless these are the next messages, each as message.String writes it.
func (st *stream) has(want ...string) *stream {
	st.t.Helper()
	for i, w := range want {
		m, ok := st.take("", patience)
		if !ok {
			st.t.Fatalf("%v\n  after %q: %s, want %q", st, clips(want[:i]), st.state(), clip(w))
		}
		if m.text != w {
			st.t.Fatalf("%v\n  after %q: got %q, want %q", st, clips(want[:i]), clip(m.text), clip(w))
		}
	}
	return st
}

// of fails the test unless these are the next messages of one socket, numbered from seq; what comes for others is kept.
func (st *stream) of(s *socket, seq int64, want ...string) *stream {
	st.t.Helper()
	for i, w := range want {
		m, ok := st.take(s.id, patience)
		if !ok {
			st.t.Fatalf("%v\n  of %s, after %q: %s, want %q", st, s.id, clips(want[:i]), st.state(), clip(w))
		}
		if m.text != w || m.seq != seq+int64(i) {
			st.t.Fatalf("%v\n  of %s, after %q: got number %d, %q; want number %d, %q", st, s.id, clips(want[:i]), m.seq, clip(m.text), seq+int64(i), clip(w))
		}
	}
	return st
}

// lacks fails the test unless an object says that there is no such socket.
func (st *stream) lacks(s *socket) *stream {
	st.t.Helper()
	if m, ok := st.take(s.id, patience); !ok || m.text != "no_socket" || m.seq != 0 {
		st.t.Fatalf("%v\n  of %s: got %q, %s; want no_socket", st, s.id, clip(m.text), st.state())
	}
	return st
}

// bytes fails the test unless these are the bytes of the next messages. Heartbeats are passed over.
func (st *stream) bytes(want string) *stream {
	st.t.Helper()
	var got strings.Builder
	for got.Len() < len(want) {
		m, ok := st.take("", patience)
		if !ok {
			st.t.Fatalf("%s: %v\n  after %q: %s, want %q", st.format.rule, st, clip(got.String()), st.state(), clip(want))
		}
		got.WriteString(m.raw)
	}
	if got := got.String(); got != want {
		st.t.Fatalf("%s: %v\n  got %d bytes %q\n  want %d %q", st.format.rule, st, len(got), clip(got), len(want), clip(want))
	}
	return st
}

// beat fails the test unless a heartbeat is next, and returns how long after the stream's beginning it was seen.
func (st *stream) beat() time.Duration {
	st.t.Helper()
	if !st.until(patience, func() bool { return len(st.inbox) > 0 }) {
		st.t.Fatalf("%v\n  got: %s, want a heartbeat", st, st.state())
	}
	if got := st.inbox[0].text; got != heartbeat {
		st.t.Fatalf("%v\n  got: %q, want a heartbeat", st, clip(got))
	}
	st.inbox = st.inbox[1:]
	return time.Since(st.began)
}

// silent fails the test where anything comes within d, be it a heartbeat or the end.
func (st *stream) silent(d time.Duration) *stream {
	st.t.Helper()
	if st.until(d, func() bool { return len(st.inbox) > 0 }) || st.sort() != nil {
		st.t.Fatalf("%v\n  got: %+v, %s; want nothing", st, st.inbox, st.state())
	}
	return st
}

// quiet fails the test where a message or the end comes within d.
func (st *stream) quiet(d time.Duration) *stream {
	st.t.Helper()
	if m, ok := st.take("", d); ok {
		st.t.Fatalf("%v\n  got: %q, want no message", st, clip(m.text))
	}
	if err := st.sort(); err != nil {
		st.t.Fatalf("%v\n  ended: %v, want it to go on", st, err)
	}
	return st
}

// ends fails the test unless the stream ends without another message, as it should.
func (st *stream) ends() {
	st.t.Helper()
	for {
		switch m, ok := st.take("", patience); {
		case !ok:
			st.over()
			return
		case m.socket == "" || m.text != "superseded": // of which a stream of many may tell
			st.t.Fatalf("%v\n  got: %q, want the end", st, clip(m.text))
		}
	}
}

// over fails the test unless the stream is at its end, as it should, and not inside of a message.
func (st *stream) over() {
	st.t.Helper()
	switch err := st.sort(); {
	case !errors.Is(err, io.EOF):
		st.t.Fatalf("stream.end: %v\n  got: %s, want an orderly end", st, st.state())
	case len(st.came) > 0:
		st.t.Fatalf("stream.end: %v\n  ended inside of a message: %q", st, clip(string(st.came)))
	}
}

// state is how far the stream is, for a failure.
func (st *stream) state() string {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.err != nil {
		return fmt.Sprintf("ended (%v) with %q left", st.err, clip(string(st.came)))
	}
	return fmt.Sprintf("open after %v with %q not whole", time.Since(st.began).Round(time.Millisecond), clip(string(st.came)))
}
