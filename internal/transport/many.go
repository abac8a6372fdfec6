package transport

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/wire"
)

// The bounds of reading many sockets at once.
const (
	maxSockets  = 256
	maxManyForm = 64 << 10 // bytes
)

var manyParams = []string{"cb", "status", "s", "stream", "ttl", "hb", "max"}

// many answers /m: it reads many sockets, by a long-poll or by a stream.
func (h *Handler) many(w http.ResponseWriter, r *http.Request) {
	v := h.look(w, r, "", manyParams, http.MethodGet, http.MethodPost)
	if v == nil {
		return
	}
	if r.Method == http.MethodPost {
		v.readManyForm(r)
	}
	asked := v.sockets()
	streams := v.flag("stream")
	if _, jsonp := v.params.Get("cb"); jsonp && streams && v.err == nil {
		v.err = wire.Errorf(wire.BadRequest, "a stream cannot be JSONP: leave out cb or stream=1")
	}
	ttl, limit := v.pollTimes()
	every, endless, _ := v.streamTimes()
	if v.err == nil {
		v.err = h.enterAll(w, v, asked)
	}
	if v.err != nil {
		v.answer.Error(w, v.err)
		return
	}

	account := charged(asked)
	if streams {
		k := &manyStream{readers: newReaders(asked)}
		k.stream = stream{beat: "   \n", every: every, limit: endless, writer: k}
		k.account = account
		k.attach(k)
		h.begin(w, r, &k.stream, "application/x-ndjson")
		return
	}
	k := &manyPoll{readers: newReaders(asked), answers: v.answer, limit: limit}
	k.pending = pending{answer: k.write, gone: k.detachAll, leave: k.readers.leave, done: make(chan struct{})}
	k.weigh, k.account = func() int { return len(k.objects) }, account
	k.attach(k)
	k.settle(true)
	k.after(ttl, k.detachAll)
	h.wait(w, r, &k.pending)
}

// readManyForm adds the parameters of a form to those of the query.
func (v *visit) readManyForm(r *http.Request) {
	body, err := endpoint.ReadBody(r, maxManyForm)
	switch {
	case err == nil && len(body) == 0:
	case err == nil && endpoint.MediaType(r) != endpoint.Form:
		err = wire.Errorf(wire.BadRequest, "the body is to be a form: %s", endpoint.Form)
	case err == nil:
		err = v.params.Parse(string(body))
	}
	if err != nil && v.err == nil {
		v.err = err
	}
	v.readAnswer()
}

// A reading is one socket of many that are read at once.
type reading struct {
	id      string
	ack     session.Ack
	session *session.Session // nil where there is none, or none any more
}

// sockets reads s.
func (v *visit) sockets() []*reading {
	s, given := v.params.Get("s")
	all, err := parseSockets(s)
	if !given {
		err = errNoSockets
	}
	if err != nil && v.err == nil {
		v.err = err
	}
	return all
}

var errNoSockets = wire.Errorf(wire.BadRequest, "s is missing: the sockets to read, and what each acknowledges, as s=<id>:0,<id>:12")

func parseSockets(s string) ([]*reading, error) {
	switch {
	case s == "":
		return nil, errNoSockets
	case strings.Count(s, ",") >= maxSockets:
		return nil, wire.Errorf(wire.BadRequest, "s has more than %d sockets", maxSockets)
	}
	var all []*reading
	seen := make(map[string]bool)
	for entry := range strings.SplitSeq(s, ",") {
		id, ack, ok := strings.Cut(entry, ":")
		if !ok || id == "" {
			return nil, wire.Errorf(wire.BadRequest, "s has an entry that is not <id>:<a>, a socket and the number of the last message read from it")
		}
		n, err := endpoint.ParseNumber("s: what a socket acknowledges", ack)
		if err != nil {
			return nil, err
		}
		if seen[id] {
			return nil, wire.Errorf(wire.BadRequest, "s has a socket twice")
		}
		seen[id] = true
		all = append(all, &reading{id: id, ack: session.Ack{N: n, Given: true}})
	}
	return all, nil
}

// enterAll finds the sessions of the sockets, and applies what is acknowledged. An
// error is one of a request that is to have no effect on who else reads.
func (h *Handler) enterAll(w http.ResponseWriter, v *visit, asked []*reading) error {
	origin := v.caller.Origin // then that of the first that is bound
	entered := false
	var wrong error
	for _, a := range asked {
		s, bound, ok := h.sockets.Enter(a.id, v.caller.Origin)
		if !ok {
			continue
		}
		if bound != "" && origin != "" && bound != origin {
			s.Leave()
			continue
		}
		if bound != "" {
			origin = bound
		}
		entered = true
		switch err := s.Acknowledge(a.ack); {
		case err == nil:
			a.session = s
			continue
		case !isNoSocket(err):
			wrong = err
		}
		s.Leave()
	}
	if entered && origin != "" {
		endpoint.AllowOrigin(w.Header(), origin)
	}
	if wrong == nil {
		return nil
	}
	for _, a := range asked {
		if a.session != nil {
			a.session.Leave()
		}
	}
	return wrong
}

func isNoSocket(err error) bool {
	var e *wire.Error
	return errors.As(err, &e) && e.Code == wire.NoSocket
}

// A gone is a socket that is not read, or not any more, and why.
type gone struct {
	id   string
	code wire.ErrorCode
}

// superseded is the word for a socket that somebody else reads now. It is no error.
const superseded wire.ErrorCode = "superseded"

// appendGone appends what is said of a socket that is not read.
func appendGone(dst []byte, g gone) []byte {
	dst = append(appendID(dst, g.id), `,"code":"`...)
	return append(append(dst, g.code...), `"}`...)
}

// appendHead appends what stands before a socket's messages; "]}" stands behind.
func appendHead(dst []byte, id string, seq uint64) []byte {
	dst = strconv.AppendUint(append(appendID(dst, id), `,"seq":`...), seq, 10)
	return append(dst, `,"messages":[`...)
}

// appendID escapes an id, which is the client's word where there is no such socket.
func appendID(dst []byte, id string) []byte {
	quoted, _ := json.Marshal(id) // a string always marshals
	return append(append(dst, `{"socket":`...), quoted...)
}
