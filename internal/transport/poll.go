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
	defer v.leave()
	ttl, given := v.number("ttl")
	if !given {
		ttl = defaultTTL
	}
	limit, given := v.number("max")
	if !given || limit > maxAnswer>>10 {
		limit = maxAnswer >> 10
	}
	ack := v.ack()
	if v.err != nil {
		v.answer.Error(w, v.err)
		return
	}

	sink := &pollSink{limit: int(limit) << 10, detached: make(chan struct{})}
	if err := v.session.Attach(sink, ack); err != nil {
		v.answer.Error(w, err)
		return
	}
	timer := time.NewTimer(time.Duration(min(ttl, maxTTL)) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-sink.detached:
	case <-timer.C:
		v.session.Detach(sink)
		<-sink.detached
	case <-r.Context().Done():
		v.session.Detach(sink)
		<-sink.detached
		endpoint.Abandon()
	}
	if sink.why == session.Ended && len(sink.messages) == 0 {
		v.answer.Error(w, wire.Errorf(wire.NoSocket, "no such socket"))
		return
	}
	var before []byte
	if ack.Given {
		before = strconv.AppendUint([]byte(`,"seq":`), sink.seq, 10)
	}
	v.answer.OK(w, http.StatusOK, append(before, `,"messages":[`...), sink.messages, []byte("]"))
}

// A pollSink gathers the messages of one answer.
type pollSink struct {
	limit    int // bytes of messages after which it takes no more
	detached chan struct{}

	// These are the session's until detached is closed.
	messages []byte // as JSON, with commas between
	seq      uint64 // the number of the first; of the next to come where there is none
	why      session.Why
}

// Deliver implements session.Sink: a poll is done with the first delivery.
func (p *pollSink) Deliver(_ string, seq uint64, frames []wire.Frame) (taken int, outcome session.Outcome) {
	p.seq = seq
	for _, f := range frames {
		if taken > 0 {
			p.messages = append(p.messages, ',')
		}
		p.messages = wire.AppendMessage(p.messages, f)
		taken++
		if len(p.messages) >= p.limit {
			break
		}
	}
	return taken, session.Done
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
	close(p.detached)
}
