package conformance

import (
	"io"
	"time"
)

// upload is a request whose body the test sends piece by piece, and keeps open between.
type upload struct {
	*pending
	w      *io.PipeWriter
	pieces []string // to come
}

// upload begins a t=f body of these pieces.
func (s *socket) upload(pieces []string, kv ...string) *upload {
	s.t.Helper()
	a := s.raw("", append([]string{"t=f"}, kv...)...)
	r, w := io.Pipe()
	a.pipe = r
	for _, p := range pieces {
		a.length += int64(len(p))
	}
	u := &upload{pending: a.start(), w: w, pieces: pieces}
	s.t.Cleanup(func() { w.CloseWithError(io.ErrUnexpectedEOF) })
	return u
}

// next sends a piece, and fails the test where it is not taken. That an answer has come already is no failure.
func (u *upload) next() *upload {
	u.t.Helper()
	piece := u.pieces[0]
	u.pieces = u.pieces[1:]
	took := make(chan struct{})
	go func() {
		defer close(took)
		io.WriteString(u.w, piece)
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-took:
	case <-timer.C:
		u.t.Fatalf("%v\n  %d bytes of its body were not taken within %v", u.ask, len(piece), patience)
	}
	return u
}

// cut breaks the request off. A transport that waits for more of the body would not see that it is cancelled.
func (u *upload) cut() {
	u.cancel()
	u.w.CloseWithError(io.ErrUnexpectedEOF)
	<-u.gone
}

// end sends what is left, ends the body and waits for the answer.
func (u *upload) end() *answer {
	u.t.Helper()
	for len(u.pieces) > 0 {
		u.next()
	}
	u.w.Close()
	return u.wait()
}
