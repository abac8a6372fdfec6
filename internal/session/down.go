package session

import (
	"github.com/polysocket/polysocket/internal/wire"
)

// A Sink takes a session's messages out: one request that reads. Its methods
// are called without the session's lock, and never two at once for one session.
type Sink interface {
	// Deliver hands over the frames that wait, in order, the first numbered seq.
	// The sink takes as many from the front as it likes and says how many, and
	// what is to follow. It never blocks, and does not keep the slice.
	Deliver(id string, seq uint64, frames []wire.Frame) (taken int, outcome Outcome)
	// Detached is the last call: the session has let go of the sink. next is the
	// number of the message after the last that it took.
	Detached(id string, next uint64, why Why)
}

// An Outcome is what a Sink wants after a Deliver.
type Outcome byte

// The outcomes of a Deliver.
const (
	More Outcome = iota // whatever comes next, as soon as it comes
	Done                // nothing: the sink is detached
	Full                // nothing before Session.Ready is called
)

// Why says why a Sink was detached.
type Why byte

// The reasons for a sink's detachment.
const (
	Finished   Why = iota // it said Done
	Left                  // Detach was called
	Superseded            // a newer reader came
	Ended                 // the session ended
)

// down is the way from the target to the client. Messages are numbered from 1;
// the queue holds those after the acknowledged one.
type down struct {
	queue  []wire.Frame // the first is numbered acked + 1
	bytes  int          // what the queue costs
	acked  uint64       // the highest acknowledged
	sent   uint64       // the highest that a reader may have seen
	paused bool         // the upstream does not read

	reader     *reader
	delivering bool          // somebody is in the loop of deliver
	taking     *reader       // and this one's sink is looking at the queue
	taken      chan struct{} // closed when it has taken; nil where nobody waits for that
}

// A reader is a sink that is attached.
type reader struct {
	sink     Sink
	once     bool   // without acknowledgements: what it takes is acknowledged
	next     uint64 // the number it is to get next
	full     bool
	ready    bool // Ready came after the last Deliver began
	detached bool
	why      Why
	told     bool // Detached was called, or is about to be
}

// last is the number of the last message there is.
func (d *down) last() uint64 { return d.acked + uint64(len(d.queue)) }

// Attach makes the sink the socket's reader. An older one is superseded. With an
// ack, reading starts after the highest that was acknowledged and goes on after
// it; without, it starts with what is unacknowledged and what the sink takes
// counts as acknowledged. first is the number of the message that it starts with.
//
// An error means that the sink is not attached, and an older one undisturbed.
func (s *Session) Attach(sink Sink, ack Ack) (first uint64, err error) {
	s.mu.Lock()
	defer s.unlock()
	if err := s.acknowledge(ack); err != nil {
		return 0, err
	}
	s.supersede()
	if s.state == ended { // an older one took the close
		return 0, errNoSocket
	}
	first = s.down.acked + 1
	s.down.reader = &reader{sink: sink, once: !ack.Given, next: first}
	s.deliver()
	return first, nil
}

// supersede detaches the reader that is there. What a sink takes in this moment that needs
// no acknowledgement is waited for: its client may have it by now, and ask for
// what follows.
func (s *Session) supersede() {
	d := &s.down
	for {
		if d.reader != nil {
			s.detach(d.reader, Superseded)
		}
		if d.taking == nil || !d.taking.once {
			return
		}
		if d.taken == nil {
			d.taken = make(chan struct{})
		}
		taken := d.taken
		s.mu.Unlock()
		<-taken
		s.mu.Lock()
	}
}

// Detach lets go of the sink, unless that has happened already. Either way its
// Detached is called, though maybe not before Detach returns.
func (s *Session) Detach(sink Sink) {
	s.mu.Lock()
	defer s.unlock()
	if r := s.down.reader; r != nil && r.sink == sink {
		s.detach(r, Left)
	}
}

// Attached tells whether the session has a reader.
func (s *Session) Attached() bool {
	s.mu.Lock()
	defer s.unlock()
	return s.down.reader != nil
}

// Ready tells that a sink that said Full takes more.
func (s *Session) Ready(sink Sink) {
	s.mu.Lock()
	defer s.unlock()
	if r := s.down.reader; r != nil && r.sink == sink {
		r.full, r.ready = false, true
		s.deliver()
	}
}

// An Ack is an acknowledgement, where one was given.
type Ack struct {
	N     uint64
	Given bool
}

// Acknowledge takes an acknowledgement that comes by itself.
func (s *Session) Acknowledge(ack Ack) error {
	s.mu.Lock()
	defer s.unlock()
	if err := s.acknowledge(ack); err != nil {
		return err
	}
	return nil
}

// Acknowledged is the number of the last message that the client is known to have.
func (s *Session) Acknowledged() uint64 {
	s.mu.Lock()
	defer s.unlock()
	return s.down.acked
}

// acknowledge forgets the messages up to the ack. The close acknowledged ends
// the session, and then, as for one that has ended, the answer is an error.
func (s *Session) acknowledge(ack Ack) *wire.Error {
	d := &s.down
	if s.state == ended {
		return errNoSocket
	}
	if !ack.Given || ack.N <= d.acked {
		return nil
	}
	if ack.N > d.sent {
		return wire.Errorf(wire.BadRequest, "a=%d acknowledges more than was sent: the last message sent is %d", ack.N, d.sent)
	}
	s.forget(ack.N)
	if s.state == ended {
		return errNoSocket
	}
	return nil
}

// forget drops the messages up to number n from the queue.
func (s *Session) forget(n uint64) {
	d := &s.down
	if n <= d.acked {
		return
	}
	gone := d.queue[:n-d.acked]
	d.queue = d.queue[n-d.acked:]
	d.acked = n
	for _, f := range gone {
		d.bytes -= f.Cost()
	}
	if gone[len(gone)-1].Kind == wire.Close {
		s.end()
		return
	}
	if d.taking == nil { // else they go with the array that they lie in
		clear(gone)
	}
	if len(d.queue) == 0 {
		d.queue = nil
	}
	if d.paused && d.bytes < s.config.BufferLimit && s.upstream != nil {
		d.paused = false
		s.upstream.Resume()
	}
}

// push appends a message to the queue and passes it on.
func (s *Session) push(f wire.Frame) {
	d := &s.down
	d.queue = append(d.queue, f)
	d.bytes += f.Cost()
	if s.upstream != nil && !d.paused && d.bytes >= s.config.BufferLimit {
		d.paused = true
		s.upstream.Pause()
	}
	s.deliver()
}

// deliver hands the reader what waits. It gives up the lock while the sink is
// called; whoever comes meanwhile leaves the work to the loop that runs.
func (s *Session) deliver() {
	d := &s.down
	if d.delivering {
		return
	}
	d.delivering = true
	for r := d.reader; r != nil && !r.full; r = d.reader {
		r.next = max(r.next, d.acked+1)
		if r.next > d.last() {
			break
		}
		frames := d.queue[r.next-d.acked-1:]
		sent := d.sent
		// An answer may overtake this loop, so it is counted as sent before it is.
		d.sent = max(d.sent, d.last())
		r.ready, d.taking = false, r
		s.mu.Unlock()
		taken, outcome := r.sink.Deliver(s.id, r.next, frames)
		s.mu.Lock()
		d.taking = nil
		r.next += uint64(taken)
		d.sent = max(sent, r.next-1, d.acked)
		s.settle(r, outcome)
		if d.taken != nil {
			close(d.taken)
			d.taken = nil
		}
	}
	d.delivering = false
}

// settle draws the consequences of a Deliver.
func (s *Session) settle(r *reader, outcome Outcome) {
	if r.once && s.state != ended {
		s.forget(r.next - 1)
	}
	switch {
	case r.detached: // while it was busy
		s.tellDetached(r)
	case outcome == Done:
		s.detach(r, Finished)
	case outcome == Full:
		r.full = !r.ready // it may be ready again before its Full is heard
	}
}

// detach lets go of a reader.
func (s *Session) detach(r *reader, why Why) {
	if s.down.reader == r {
		s.down.reader = nil
	}
	r.detached, r.why = true, why
	if s.down.taking != r { // else settle tells it
		s.tellDetached(r)
	}
}

func (s *Session) tellDetached(r *reader) {
	if r.told {
		return
	}
	r.told = true
	s.later(func() { r.sink.Detached(s.id, r.next, r.why) })
}
