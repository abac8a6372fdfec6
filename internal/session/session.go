// Package session is the heart of a relay: the state of one socket, as two
// ordered, bounded queues between an upstream and the requests of a client that
// come and go. It numbers, acknowledges, sends again and resumes, and knows no
// HTTP and no WebSocket library.
//
// A Session is pushed to and does not park: it is a struct with a mutex, and
// whoever brings something (an event of the upstream, a request, a timer) runs
// it. It starts no goroutine.
package session

import (
	"sync"
	"time"

	"github.com/polysocket/polysocket/internal/budget"
	"github.com/polysocket/polysocket/internal/wire"
)

// An Upstream is the open connection to the target. Its methods never block,
// and never call the Session back on the caller's goroutine: the Session holds
// its lock while it calls them.
//
// What it reads it pushes to the Session: OnMessage for each whole message,
// OnWritable when all that was sent is with the kernel after Send or Close said
// full, and OnClosed once, as the last.
type Upstream interface {
	// Send passes on a message, or a part of one that goes on in the next call
	// where more is set. It takes the data whatever it answers; full says that
	// not all of it is with the kernel yet. After an error OnClosed comes.
	Send(kind wire.Kind, data []byte, more bool) (full bool, err error)
	// Close starts the closing handshake, behind all that was sent.
	Close(code wire.CloseCode, reason []byte) (full bool, err error)
	// Pause stops the reading from the target, and Resume goes on with it.
	Pause()
	Resume()
}

// Config is what the sessions of a relay have in common. The zero value of each
// field stands for the protocol's default.
type Config struct {
	// MessageLimit is the size of the largest message upwards, in bytes: 16 MiB.
	MessageLimit int
	// BufferLimit bounds what waits downwards and what is not acknowledged, in
	// bytes; there is always room for one message: 256 KiB.
	BufferLimit int
	// Grace is how long a session lives without a request: 30 s.
	Grace time.Duration
	// Hold is how long a numbered send waits for its answer: 10 s.
	Hold time.Duration
}

// The protocol's numbers that are not configured.
const (
	firstGrace  = 10 * time.Second // until the first request
	busyAfter   = 50 * time.Second // an unnumbered send waits
	windowCount = 64               // messages that may be held ahead
	windowBytes = 256 << 10        // and their bytes
	queueCount  = 64               // unnumbered sends that may wait
	// queueMessages is how many of the largest messages they may have in all.
	queueMessages = 4
	waitingCount  = 256 // sends with numbers that may wait
	// keptAtLeast and keptGraces are how long a close is kept, whoever asks: a socket that is
	// closed counts towards nobody's limit any more.
	keptAtLeast = 5 * time.Minute
	keptGraces  = 10 // or so many grace periods, where that is more
)

// WithDefaults fills in what is zero.
func (c Config) WithDefaults() Config {
	if c.MessageLimit == 0 {
		c.MessageLimit = 16 << 20
	}
	if c.BufferLimit == 0 {
		c.BufferLimit = 256 << 10
	}
	if c.Grace == 0 {
		c.Grace = 30 * time.Second
	}
	if c.Hold == 0 {
		c.Hold = 10 * time.Second
	}
	return c
}

// A state is where a Session is in its life:
//
//	   client's close passed on; or Retire
//	open ─────────────────────────────▶ closing
//	 │ │                                   │
//	 │ │ target closed, broke, was too     │ target answered,
//	 │ │ large or not UTF-8; or Shut       │ or did not in time; or Shut
//	 │ └──────────────▶ closed ◀───────────┘
//	 │                    │
//	 │ grace, Drop        │ the close acknowledged, grace, Drop
//	 └──────▶ ended ◀─────┘
//
// Open and closing have an upstream, and in both the target's messages come
// down; closed has only what waits for the client; ended has nothing.
type state byte

const (
	open state = iota
	closing
	closed
	ended
)

// A Session is one socket. Make it with New.
type Session struct {
	id     string
	config *Config
	onEnd  func()

	mu       sync.Mutex
	state    state
	upstream Upstream
	up       up
	down     down
	retired  *wire.Frame // the client's close, where the relay closes; else nil

	requests int         // requests under way
	idle     time.Time   // since when there have been none
	grace    *time.Timer // runs while there are none
	period   time.Duration
	kept     *time.Timer // runs while it is closed; else nil

	account *budget.Account // whom what waits is charged to; nil: nobody
	charged int             // bytes that it was told of

	after []func() // calls to make when the lock is given back
}

// MessageLimit is the size of the largest message upwards, in bytes.
func (s *Session) MessageLimit() int { return s.config.MessageLimit }

// New makes the session of a socket with the given id, whose upstream is open
// and will push to it. onEnd is called once, when the session has ended: without
// the session's lock, from any goroutine, also from within the session's methods.
func New(id string, upstream Upstream, config *Config, onEnd func()) *Session {
	s := &Session{id: id, config: config, upstream: upstream, onEnd: onEnd}
	s.up.next = 1
	s.mu.Lock()
	defer s.unlock()
	s.idle = time.Now()
	s.period = min(firstGrace, config.Grace)
	s.grace = time.AfterFunc(s.period, s.lapse)
	return s
}

// Enter counts a request for the socket in, so that the session outlives it. It
// is false where the session has ended; else Leave must follow.
func (s *Session) Enter() bool {
	s.mu.Lock()
	defer s.unlock()
	if s.state == ended {
		return false
	}
	s.requests++
	s.grace.Stop()
	return true
}

// Leave counts a request out. After the last the grace period begins.
func (s *Session) Leave() {
	s.mu.Lock()
	defer s.unlock()
	s.requests--
	if s.requests == 0 && s.state != ended {
		s.idle = time.Now()
		s.period = s.config.Grace
		s.grace.Reset(s.period)
	}
}

// lapse ends a session that nobody asked for in its grace period.
func (s *Session) lapse() {
	s.mu.Lock()
	defer s.unlock()
	if s.requests > 0 || time.Since(s.idle) < s.period {
		return // a request came while this call waited for the lock
	}
	s.drop()
}

// Drop ends the session at once: the target is closed with 1001, and the client
// finds no socket any more.
func (s *Session) Drop() {
	s.mu.Lock()
	defer s.unlock()
	s.drop()
}

func (s *Session) drop() {
	s.release(wire.CloseGoingAway)
	s.end()
}

// Shut closes both sides with the code, in the relay's own name, and at once: what
// the target still sends is lost. What came before stays to be read, and the close
// after it.
func (s *Session) Shut(code wire.CloseCode, reason string) {
	s.mu.Lock()
	defer s.unlock()
	s.fail(code, code, reason)
}

// fail closes the target with one code and the client with another.
func (s *Session) fail(target, client wire.CloseCode, reason string) {
	if s.state == closed || s.state == ended {
		return
	}
	s.release(target)
	s.finish(client, []byte(reason))
}

// release lets go of the upstream, which ends its closing handshake by itself:
// what it still pushes is no longer heard.
func (s *Session) release(code wire.CloseCode) {
	if s.upstream == nil {
		return
	}
	if s.state == open {
		_, _ = s.upstream.Close(code, nil) // where it fails the connection is gone already
	}
	if s.down.paused {
		s.upstream.Resume() // to read the answer
	}
	s.upstream = nil
}

// finish makes the close the last message down, and lets go of all who wait to
// send.
func (s *Session) finish(code wire.CloseCode, reason []byte) {
	s.state = closed
	s.upstream = nil
	s.kept = time.AfterFunc(max(keptAtLeast, keptGraces*s.config.Grace), s.unkeep)
	s.failAll(errNoSocket)
	s.push(wire.Frame{Kind: wire.Close, Code: code, Data: reason})
}

// unkeep ends a session whose close nobody has acknowledged.
func (s *Session) unkeep() {
	s.mu.Lock()
	defer s.unlock()
	s.end()
}

// end makes the session forget everything.
func (s *Session) end() {
	if s.state == ended {
		return
	}
	s.state = ended
	s.grace.Stop()
	if s.kept != nil {
		s.kept.Stop()
	}
	s.failAll(errNoSocket)
	if r := s.down.reader; r != nil {
		s.detach(r, Ended)
	}
	s.down.queue, s.down.bytes = nil, 0
	s.later(s.onEnd)
}

// OnMessage takes a message from the target. It is the upstream's to call.
func (s *Session) OnMessage(f wire.Frame) {
	s.mu.Lock()
	defer s.unlock()
	if s.upstream == nil {
		return
	}
	s.push(f)
}

// OnWritable tells that all that was passed on is with the kernel. It is the
// upstream's to call.
func (s *Session) OnWritable() {
	s.mu.Lock()
	defer s.unlock()
	if s.upstream == nil {
		return
	}
	s.up.full = false
	s.up.passed = s.up.next - 1
	s.pump(false)
}

// OnClosed tells how the connection to the target ended: with its Close, or
// 1006. It is the upstream's to call.
func (s *Session) OnClosed(code wire.CloseCode, reason []byte) {
	s.mu.Lock()
	defer s.unlock()
	if s.upstream == nil {
		return
	}
	if s.retired != nil {
		code, reason = s.retired.Code, s.retired.Data
	}
	s.finish(code, reason)
}

// later has f called when the lock is given back.
func (s *Session) later(f func()) { s.after = append(s.after, f) }

// unlock gives the lock back and then makes the calls that were put off.
func (s *Session) unlock() {
	s.charge()
	after := s.after
	s.after = nil
	s.mu.Unlock()
	for _, f := range after {
		f()
	}
}
