package transport

import (
	"net/http"
	"strconv"

	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/wire"
)

// A shape is what one socket's stream looks like.
type shape struct {
	contentType string
	append      func(dst []byte, n uint64, f wire.Frame) []byte
	// counted says that a message's number is its place in the stream.
	counted bool
}

var (
	frames = shape{
		contentType: "application/octet-stream", counted: true,
		append: func(dst []byte, _ uint64, f wire.Frame) []byte { return wire.AppendFrame(dst, f) },
	}
	events = shape{contentType: "text/event-stream", append: wire.AppendEvent}
)

var (
	frameParams = []string{"a", "hb", "max"}
	eventParams = frameParams
)

// frames answers GET /x/{socket}: a run of RFC 6455 frames.
func (h *Handler) frames(w http.ResponseWriter, r *http.Request, id string) {
	if v := h.enter(w, r, id, frameParams, http.MethodGet); v != nil {
		h.stream(w, r, v, frames, v.ack(), func(bool) string { return wire.Ping })
	}
}

// events answers GET /e/{socket}: server-sent events.
func (h *Handler) events(w http.ResponseWriter, r *http.Request, id string) {
	if v := h.enter(w, r, id, eventParams, http.MethodGet); v != nil {
		h.stream(w, r, v, events, v.lastEvent(r), func(beats bool) string {
			if beats {
				return wire.HeartbeatEvent
			}
			return wire.Comment
		})
	}
}

// lastEvent is what a request for events acknowledges, by a or by Last-Event-ID.
func (v *visit) lastEvent(r *http.Request) session.Ack {
	ack := v.ack()
	for _, id := range r.Header.Values("Last-Event-ID") {
		n, err := endpoint.ParseNumber("Last-Event-ID", id)
		if err != nil && v.err == nil {
			v.err = err
		}
		ack = session.Ack{N: max(n, ack.N), Given: true}
	}
	return ack
}

// stream reads one socket without an end.
func (h *Handler) stream(w http.ResponseWriter, r *http.Request, v *visit, how shape, ack session.Ack, beat func(beats bool) string) {
	k := &streamSink{shape: how, session: v.session}
	every, limit, beats := v.streamTimes()
	k.stream = stream{beat: beat(beats), every: every, limit: limit, writer: k, account: v.session.Account()}
	err := v.err
	if err == nil {
		k.next, err = v.session.Attach(k, ack)
	}
	if err != nil {
		v.session.Leave()
		v.answer.Error(w, err)
		return
	}
	if how.counted {
		w.Header().Set("Polysocket-Seq", strconv.FormatUint(k.next, 10))
	}
	h.begin(w, r, &k.stream, how.contentType)
}

// A streamSink is the stream of one socket.
type streamSink struct {
	stream
	shape

	session *session.Session
	next    uint64       // the number of the next message
	left    *session.Why // why the session let go of it before it was open; nil while it did not
}

// Deliver implements session.Sink.
func (k *streamSink) Deliver(_ string, seq uint64, frames []wire.Frame) (taken int, outcome session.Outcome) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if outcome, shut := k.shut(); shut {
		return 0, outcome
	}
	if k.counted && seq != k.next {
		return 0, session.Done // what is missing was acknowledged elsewhere: the client is to begin anew
	}
	outcome = k.write(func(dst []byte, room int) []byte {
		for start := len(dst); taken < len(frames) && (taken == 0 || len(dst)-start < room); taken++ {
			dst = k.append(dst, seq+uint64(taken), frames[taken])
		}
		return dst
	})
	k.next = seq + uint64(taken)
	if frames[taken-1].Kind == wire.Close {
		outcome = session.Done
	}
	return taken, outcome
}

// Detached implements session.Sink.
func (k *streamSink) Detached(_ string, _ uint64, why session.Why) {
	k.mu.Lock()
	out := k.out
	if out == nil {
		k.left = &why
	}
	k.mu.Unlock()
	if out != nil {
		end(out, why)
	}
}

func (k *streamSink) opened(out outlet) {
	k.mu.Lock()
	left := k.left
	k.mu.Unlock()
	if left != nil {
		end(out, *left)
		return
	}
	k.session.Ready(k)
}

func (k *streamSink) roomAgain() { k.session.Ready(k) }

func (k *streamSink) ended() {
	k.session.Detach(k)
	k.session.Leave()
}
