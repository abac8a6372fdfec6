// Package transport is HTTP in and out of the relay: how messages arrive in
// requests (send.go, batch.go), and the carriers by which they leave in responses,
// each a session.Sink:
//
//	           one answer     an endless response
//	a socket   poll.go        single.go
//	many       manypoll.go    manystream.go
//
// The first are pending (pending.go), the others a stream (stream.go). While one
// waits its connection is parked, where that can be, and no goroutine waits with it.
package transport

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/parking"
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

var errNoSocket = wire.Errorf(wire.NoSocket, "no such socket")

// A Handler serves the relay's endpoints. Make it with New, and end it with Close.
type Handler struct {
	sockets      Sockets
	messageLimit int
	lot          *parking.Lot
}

// New makes a Handler. messageLimit is the size of the largest message, in bytes,
// where no socket says its own.
func New(sockets Sockets, messageLimit int) *Handler {
	return &Handler{sockets: sockets, messageLimit: messageLimit, lot: parking.NewLot()}
}

// WhenClosed has f called when a connection is closed here of which the server that it
// came from hears no more. It is called before anything is served.
func (h *Handler) WhenClosed(f func(net.Conn)) { h.lot.WhenClosed(f) }

// Close closes the connections that wait for a request, and gives answers that are
// on their way a few seconds. The sessions should have ended before, or been shut.
func (h *Handler) Close() { h.lot.Close() }

// Serves tells whether a path is one of the relay's.
func Serves(path string) bool {
	return path == "/m" || len(path) >= 3 && path[0] == '/' && path[2] == '/' && strings.IndexByte("sjxe", path[1]) >= 0
}

// ServeHTTP implements http.Handler for the paths that Serves tells.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if endpoint.Hopped(w, r) {
		return
	}
	endpoint.Paced(w, r)
	path := r.URL.Path
	switch {
	case !Serves(path):
		endpoint.NotFound(w)
	case path == "/m":
		h.many(w, r)
	case path[1] == 's':
		h.send(w, r, path[3:])
	case path[1] == 'j':
		h.poll(w, r, path[3:])
	case path[1] == 'x':
		h.frames(w, r, path[3:])
	case path[1] == 'e':
		h.events(w, r, path[3:])
	}
}

// A visit is one request for a socket: what its query says, and the session that
// it is for.
type visit struct {
	params  endpoint.Params
	caller  endpoint.Caller
	err     error // what is wrong with the parameters so far
	answer  endpoint.Answer
	session *session.Session // none where many sockets are read
	body    *endpoint.Body   // nil where there is none
	held    int              // bytes of it, in the session's account
}

// look begins a visit: it reads what the request says, if its method is allowed;
// else it has answered. The id may be empty.
func (h *Handler) look(w http.ResponseWriter, r *http.Request, id string, names []string, methods ...string) *visit {
	v := &visit{params: endpoint.NewParams(names...), body: endpoint.Paced(w, r)}
	v.err = v.params.Parse(r.URL.RawQuery)
	_, jsonp := v.params.Get("cb")
	v.caller = endpoint.CallerOf(r, jsonp)
	if !slices.Contains(methods, r.Method) { // the socket is not entered for these
		h.allow(w, id, v.caller)
		endpoint.Methods(w, r, methods...)
		return nil
	}
	endpoint.AllowOrigin(w.Header(), "*")
	v.readAnswer()
	return v
}

// enter begins a visit to a socket, if it is there; else it has answered. The
// session's Leave must be called after it.
func (h *Handler) enter(w http.ResponseWriter, r *http.Request, id string, names []string, methods ...string) *visit {
	v := h.look(w, r, id, names, methods...)
	if v == nil {
		return nil
	}
	s, bound, ok := h.sockets.Enter(id, v.caller.Origin)
	if ok {
		v.session = s
		if bound != "" { // also for a caller of unknown origin
			endpoint.AllowOrigin(w.Header(), bound)
		}
		return v
	}
	if v.err == nil {
		v.err = errNoSocket
	}
	h.early(w, r, func() { v.answer.Error(w, v.err) })
	return nil
}

// overlongTime is how long a client may go on sending what is refused.
const overlongTime = 5 * time.Second

// early answers a request whose body may still be on its way. A client that keeps it
// open is to hear now what is wrong with it; one that looks only when it has sent all,
// then.
func (h *Handler) early(w http.ResponseWriter, r *http.Request, answer func()) {
	c := http.NewResponseController(w)
	_ = c.EnableFullDuplex()
	answer()
	if r.ProtoMajor == 1 { // over HTTP/2 the answer ends with the handler, and clients look whenever they like
		body := endpoint.Paced(w, r)
		body.Until(time.Now().Add(overlongTime))
		endpoint.Overlong(r, int64(h.messageLimit))
		// What is left of it must not be taken for the next request, which net/http sees to
		// only where the answer comes after the body.
		if !body.Ended() {
			endpoint.Abandon()
		}
	}
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

// flag reads a parameter that is 1, or 0 or left out.
func (v *visit) flag(name string) bool {
	value, given := v.params.Get(name)
	if given && value != "0" && value != "1" && v.err == nil {
		v.err = wire.Errorf(wire.BadRequest, "%s is 1, or else 0 or left out", name)
	}
	return value == "1"
}
