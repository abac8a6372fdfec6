package endpoint

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/polysocket/polysocket/internal/wire"
)

// An Answer says in which form a request wants its answer.
type Answer struct {
	// Callback makes it JSONP. Empty is JSON.
	Callback string
	// Always200 answers with HTTP status 200, whatever the true one is.
	Always200 bool
	// InBody puts the true status into the body.
	InBody bool
}

// ReadAnswer reads cb and, where the endpoint names it, status. When it fails,
// the error is to be answered in JSON.
func ReadAnswer(p Params) (Answer, error) {
	var a Answer
	if cb, ok := p.Get("cb"); ok {
		if !wire.ValidCallback(cb) {
			return Answer{}, wire.Errorf(wire.BadRequest,
				"cb is not a callback: a dotted path of identifiers of at most %d characters", wire.MaxCallback)
		}
		a.Callback = strings.Clone(cb) // which waits, and not the query that it is in
	}
	if status, ok := p.Get("status"); ok {
		if status != "200" {
			return a, wire.Errorf(wire.BadRequest, "status can only be 200")
		}
		a.Always200, a.InBody = true, true
	}
	return a, nil
}

// OK answers with {"ok":true,…}. Fields are the rest of the object, in pieces:
// each field begins with a comma.
func (a Answer) OK(w http.ResponseWriter, status int, fields ...[]byte) {
	a.write(w, status, "true", fields...)
}

// Error answers with {"ok":false,…} and the error's status. An error that is no
// wire.Error is a fault of ours and says nothing about itself.
func (a Answer) Error(w http.ResponseWriter, err error) {
	var e *wire.Error
	if !errors.As(err, &e) {
		e = wire.Errorf(wire.Internal, "something went wrong here")
	}
	h := w.Header()
	if after := e.RetryAfter(); after > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(after.Seconds()))))
	}
	if e.Code.Status() == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	message, _ := json.Marshal(e.Message) // a string always marshals
	fields := append([]byte(`,"error":`), message...)
	fields = append(append(append(fields, `,"code":"`...), e.Code...), '"')
	a.write(w, e.Code.Status(), "false", fields)
}

func (a Answer) write(w http.ResponseWriter, status int, ok string, fields ...[]byte) {
	h := w.Header()
	var head, tail []byte
	if a.Callback == "" {
		h.Set("Content-Type", "application/json")
		tail = []byte("}")
	} else {
		h.Set("Content-Type", "application/javascript; charset=utf-8")
		// A page that is isolated from other origins loads it all the same.
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		head, tail = wire.JSONP(a.Callback)
		tail = append([]byte("}"), tail...)
	}
	head = append(append(head, `{"ok":`...), ok...)
	if a.InBody {
		head = strconv.AppendInt(append(head, `,"status":`...), int64(status), 10)
	}
	if a.Always200 {
		status = http.StatusOK
	}
	pieces := append(append([][]byte{head}, fields...), tail)
	length := 0
	for _, p := range pieces {
		length += len(p)
	}
	h.Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(status)
	send(w, pieces)
}

// The numbers of writing an answer.
const (
	writeTimeout = 30 * time.Second // how long it may be stuck
	writePiece   = 64 << 10         // bytes that must go in that time
)

// send writes the pieces of an answer. It gives up, and the connection breaks,
// when the client takes nothing for a while.
func send(w http.ResponseWriter, pieces [][]byte) {
	c := http.NewResponseController(w)
	// Where no deadline can be set the server's own holds, and where writing fails
	// nobody is left to be told.
	for _, p := range pieces {
		for part := range slices.Chunk(p, writePiece) {
			_ = c.SetWriteDeadline(time.Now().Add(writeTimeout))
			if _, err := w.Write(part); err != nil {
				return
			}
		}
	}
	_ = c.Flush()
	_ = c.SetWriteDeadline(time.Time{}) // the connection's next answer sets its own
}

// Within has an answer written that sets no deadline of its own, and breaks its connection
// where the client has not taken it in time.
func Within(w http.ResponseWriter, d time.Duration, write func()) {
	c := http.NewResponseController(w)
	_ = c.SetWriteDeadline(time.Now().Add(d)) // where it cannot be set the server's own holds
	write()
	_ = c.Flush()
	_ = c.SetWriteDeadline(time.Time{})
}

// Abandon ends a request whose client has gone: its connection is closed without
// an answer, which else would be an empty 200. It does not return.
func Abandon() { panic(http.ErrAbortHandler) }

// NotFound answers a path that is no endpoint.
func NotFound(w http.ResponseWriter) {
	unstored(w.Header())
	AllowOrigin(w.Header(), "*")
	Answer{}.Error(w, wire.Errorf(wire.NotFound, "no such path: a router has /create, /relay and /ticket, a relay /s/{socket}, /j/{socket}, /x/{socket}, /e/{socket} and /m"))
}

func errMethod(allow string) error {
	return wire.Errorf(wire.MethodNotAllowed, "this is not a method of the endpoint, which takes %s", allow)
}
