package transport

import (
	"net/http"
	"strconv"
	"time"

	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/wire"
)

// The numbers of long-polling.
const (
	defaultTTL = 25_000 // milliseconds
	maxTTL     = 60_000
	maxAnswer  = 64 << 10 // bytes, when an answer stops growing
)

var pollParams = []string{"cb", "status", "ttl", "max", "a"}

// poll answers GET /j/{socket}: one answer with the messages that wait, or else
// with the next that comes, or a heartbeat.
func (h *Handler) poll(w http.ResponseWriter, r *http.Request, id string) {
	v := h.enter(w, r, id, pollParams, http.MethodGet)
	if v == nil {
		return
	}
	ttl, limit := v.pollTimes()
	ack := v.ack()
	s := v.session // and not v, which has all parameters, and is not to be kept
	sink := &pollSink{limit: limit, answers: v.answer, numbered: ack.Given}
	err := v.err
	if err == nil {
		sink.pending = pending{answer: sink.write, leave: s.Leave, done: make(chan struct{})}
		sink.gone = func() { s.Detach(sink) }
		sink.weigh, sink.account = func() int { return len(sink.messages) }, s.Account()
		_, err = s.Attach(sink, ack)
	}
	if err != nil {
		s.Leave()
		v.answer.Error(w, err)
		return
	}
	sink.after(ttl, sink.gone)
	h.wait(w, r, &sink.pending)
}

// pollTimes are how long a poll waits, and after how many bytes its answer grows no
// more.
func (v *visit) pollTimes() (ttl time.Duration, limit int) {
	wait, given := v.number("ttl")
	if !given {
		wait = defaultTTL
	}
	most, given := v.number("max")
	if !given || most > maxAnswer>>10 {
		most = maxAnswer >> 10
	}
	return time.Duration(min(wait, maxTTL)) * time.Millisecond, int(most) << 10
}

// A pollSink gathers the messages of one answer.
type pollSink struct {
	pending

	answers  endpoint.Answer
	numbered bool // the answer says which number its first message has
	limit    int  // bytes of messages after which it takes no more

	// These are the session's until it is detached.
	messages []byte // as JSON, with commas between
	seq      uint64 // the number of the first; of the next to come where there is none
	why      session.Why
}

// Deliver implements session.Sink: a poll is done with the first delivery.
func (p *pollSink) Deliver(_ string, seq uint64, frames []wire.Frame) (taken int, outcome session.Outcome) {
	p.seq = seq
	p.messages, taken = appendMessages(p.messages, frames, p.limit)
	return taken, session.Done
}

// appendMessages appends messages as JSON with commas between: at least one, and
// none once there are limit bytes.
func appendMessages(dst []byte, frames []wire.Frame, limit int) (_ []byte, taken int) {
	for start := len(dst); taken < len(frames) && (taken == 0 || len(dst)-start < limit); taken++ {
		if taken > 0 {
			dst = append(dst, ',')
		}
		dst = wire.AppendMessage(dst, frames[taken])
	}
	return dst, taken
}

// Detached implements session.Sink.
func (p *pollSink) Detached(_ string, next uint64, why session.Why) {
	p.why = why
	if len(p.messages) == 0 {
		p.seq = next
		if why == session.Left {
			p.messages = []byte(wire.Heartbeat)
		}
	}
	p.finish()
}

// write writes the answer.
func (p *pollSink) write(w http.ResponseWriter) {
	if p.why == session.Ended && len(p.messages) == 0 {
		p.answers.Error(w, errNoSocket)
		return
	}
	var before []byte
	if p.numbered {
		before = strconv.AppendUint([]byte(`,"seq":`), p.seq, 10)
	}
	p.answers.OK(w, http.StatusOK, append(before, `,"messages":[`...), p.messages, []byte("]"))
	p.messages = nil // which may be much, and the connection may be slow
}
