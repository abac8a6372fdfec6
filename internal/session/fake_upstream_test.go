package session

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/polysocket/polysocket/internal/wire"
)

// faults collects what the fakes saw go wrong. They are called on goroutines
// from which a test must not be failed.
type faults struct {
	mu   sync.Mutex
	list []string
}

func (f *faults) add(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, fmt.Sprintf(format, args...))
}

func (f *faults) get() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.list)
}

// A fakeUpstream records what is passed on, and holds the Session to the
// contract of an Upstream.
type fakeUpstream struct {
	*faults

	mu     sync.Mutex
	room   int    // parts that still go straight to the kernel; negative: all
	broken bool   // Send and Close answer with an error
	force  bool   // Send and Close while it is full are right
	sent   uint64 // parts and closes taken
	kernel uint64 // and those of them with the kernel
	full   bool
	paused bool
	gone   bool // it pushed OnClosed: nothing may be called any more

	messages []wire.Frame // whole, joined
	partial  wire.Frame   // the unfinished one; Kind 0: none
	closed   *wire.Frame
}

var errBroken = errors.New("the connection is gone")

func (u *fakeUpstream) Send(kind wire.Kind, data []byte, more bool) (bool, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.gone:
		u.add("Send after OnClosed")
	case u.closed != nil:
		u.add("Send after Close")
	case u.full && !u.force:
		u.add("Send while full")
	case kind != wire.Text && kind != wire.Binary:
		u.add("Send of kind %q", kind)
	}
	if u.partial.Kind == 0 {
		u.partial.Kind = kind
	}
	if u.partial.Kind != kind {
		u.add("a part of kind %q in a message of kind %q", kind, u.partial.Kind)
	}
	u.partial.Data = append(u.partial.Data, data...)
	if !more {
		u.messages = append(u.messages, u.partial)
		u.partial = wire.Frame{}
	}
	return u.took()
}

func (u *fakeUpstream) Close(code wire.CloseCode, reason []byte) (bool, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.gone:
		u.add("Close after OnClosed")
	case u.closed != nil:
		u.add("Close after Close")
	case u.full && !u.force:
		u.add("Close in turn while full")
	}
	u.closed = &wire.Frame{Kind: wire.Close, Code: code, Data: slices.Clone(reason)}
	return u.took()
}

// took counts a part that was taken. The caller holds the lock.
func (u *fakeUpstream) took() (bool, error) {
	u.sent++
	if u.broken {
		u.full = true
		return false, errBroken
	}
	if u.full || u.room == 0 {
		u.full = true
		return true, nil
	}
	if u.room > 0 {
		u.room--
	}
	u.kernel = u.sent
	return false, nil
}

func (u *fakeUpstream) Pause() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.paused || u.gone {
		u.add("Pause of an upstream that is paused %v, gone %v", u.paused, u.gone)
	}
	u.paused = true
}

func (u *fakeUpstream) Resume() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.paused || u.gone {
		u.add("Resume of an upstream that is paused %v, gone %v", u.paused, u.gone)
	}
	u.paused = false
}

// setRoom sets how many parts go straight to the kernel from here on.
func (u *fakeUpstream) setRoom(room int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.room = room
}

// allowForce says whether Send and Close while full are right: for an unnumbered
// close and what goes before it, and for the session's own.
func (u *fakeUpstream) allowForce(force bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.force = force
}

// drain hands all to the kernel, with room for so many parts more.
func (u *fakeUpstream) drain(s *Session, room int) {
	u.mu.Lock()
	u.full, u.room, u.kernel = false, room, u.sent
	u.mu.Unlock()
	s.OnWritable()
}

// end pushes how the connection ended.
func (u *fakeUpstream) end(s *Session, code wire.CloseCode, reason string) {
	u.mu.Lock()
	u.gone = true
	u.mu.Unlock()
	s.OnClosed(code, []byte(reason))
}

// texts are the whole messages that the target got.
func (u *fakeUpstream) texts() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	texts := []string{}
	for _, f := range u.messages {
		texts = append(texts, string(f.Data))
	}
	return texts
}

// code is that of the Close the target got; 0: none.
func (u *fakeUpstream) code() wire.CloseCode {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed == nil {
		return 0
	}
	return u.closed.Code
}

func (u *fakeUpstream) isPaused() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.paused
}
