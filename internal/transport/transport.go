// Package transport is HTTP in and out of the relay: how messages arrive in
// requests (send.go), and the carriers by which they leave in responses, each a
// session.Sink (poll.go: long-polling, in JSON and JSONP).
package transport

import (
	"net/http"
	"slices"
	"strings"

	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/wire"
)

// Sockets is where the sessions are found.
type Sockets interface {
	// Enter finds the session of a socket for a page of the origin (empty where it
	// is unknown), and counts the request in; session.Leave is then to be called.
	// bound is the origin that the socket is bound to, or empty. Where there is no
	// such socket for that page, ok is false.
	Enter(id, origin string) (s *session.Session, bound string, ok bool)
	// Bound is the origin that a socket is bound to; empty where there is none.
	Bound(id string) string
}

// A Handler serves the relay's endpoints. Make it with New.
type Handler struct {
	sockets      Sockets
	messageLimit int
}

// New makes a Handler. messageLimit is the size of the largest message, in bytes.
func New(sockets Sockets, messageLimit int) *Handler {
	return &Handler{sockets: sockets, messageLimit: messageLimit}
}

// ServeHTTP implements http.Handler for /s/{socket} and /j/{socket}.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if id, ok := strings.CutPrefix(r.URL.Path, "/s/"); ok {
		h.send(w, r, id)
	} else if id, ok := strings.CutPrefix(r.URL.Path, "/j/"); ok {
		h.poll(w, r, id)
	} else {
		endpoint.NotFound(w)
	}
}

// A visit is one request for a socket: what its query says, and the session that
// it is for.
type visit struct {
	params  endpoint.Params
	err     error // what is wrong with the parameters so far
	answer  endpoint.Answer
	session *session.Session
}

// enter begins a visit, if the method is allowed and the socket is there; else it
// has answered. leave must be called after a visit.
func (h *Handler) enter(w http.ResponseWriter, r *http.Request, id string, names []string, methods ...string) *visit {
	v := &visit{params: endpoint.NewParams(names...)}
	v.err = v.params.Parse(r.URL.RawQuery)
	_, jsonp := v.params.Get("cb")
	caller := endpoint.CallerOf(r, jsonp)
	if !slices.Contains(methods, r.Method) { // the socket is not entered for these
		h.allow(w, id, caller)
		endpoint.Methods(w, r, methods...)
		return nil
	}
	endpoint.AllowOrigin(w.Header(), "*")
	v.readAnswer()

	s, bound, ok := h.sockets.Enter(id, caller.Origin)
	if ok {
		v.session = s
		if bound != "" { // also for a caller of unknown origin
			endpoint.AllowOrigin(w.Header(), bound)
		}
		return v
	}
	if v.err == nil {
		v.err = wire.Errorf(wire.NoSocket, "no such socket")
	}
	endpoint.Overlong(r, int64(h.messageLimit))
	v.answer.Error(w, v.err)
	return nil
}

// allow lets pages read an answer that is not the session's, a preflight's above
// all: of a socket that is bound only those of its origin.
func (h *Handler) allow(w http.ResponseWriter, id string, caller endpoint.Caller) {
	allow := "*"
	if caller.Origin != "" && h.sockets.Bound(id) == caller.Origin {
		allow = caller.Origin
	}
	endpoint.AllowOrigin(w.Header(), allow)
	w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
}

func (v *visit) leave() { v.session.Leave() }

// readAnswer reads from the parameters how to answer.
func (v *visit) readAnswer() {
	answer, err := endpoint.ReadAnswer(v.params)
	if err != nil {
		v.err = err
	}
	v.answer = answer
}

// number reads a parameter that is a number.
func (v *visit) number(name string) (n uint64, given bool) {
	n, given, err := v.params.Number(name)
	if err != nil && v.err == nil {
		v.err = err
	}
	return n, given
}

// ack reads a.
func (v *visit) ack() session.Ack {
	n, given := v.number("a")
	return session.Ack{N: n, Given: given}
}
