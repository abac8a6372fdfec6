package endpoint

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
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
		a.Callback = cb
	}
	if status, ok := p.Get("status"); ok {
		if status != "200" {
			return a, wire.Errorf(wire.BadRequest, "status can only be 200")
		}
		a.Always200, a.InBody = true, true
	}
	return a, nil
}

// OK answers with {"ok":true,…}. Fields are the rest of the object: each begins
// with a comma.
func (a Answer) OK(w http.ResponseWriter, status int, fields []byte) {
	a.write(w, status, "true", fields)
}

// Error answers with {"ok":false,…} and the error's status. An error that is no
// wire.Error is a fault of ours and says nothing about itself.
func (a Answer) Error(w http.ResponseWriter, err error) {
	var e *wire.Error
	if !errors.As(err, &e) {
		e = wire.Errorf("internal", "something went wrong here")
	}
	h := w.Header()
	if after := e.Code.RetryAfter(); after > 0 {
		h.Set("Retry-After", strconv.Itoa(int(after.Seconds())))
	}
	if e.Code.Status() == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	message, _ := json.Marshal(e.Message) // a string always marshals
	fields := append([]byte(`,"error":`), message...)
	fields = append(append(append(fields, `,"code":"`...), e.Code...), '"')
	a.write(w, e.Code.Status(), "false", fields)
}

func (a Answer) write(w http.ResponseWriter, status int, ok string, fields []byte) {
	object := make([]byte, 0, len(fields)+32)
	object = append(append(object, `{"ok":`...), ok...)
	if a.InBody {
		object = strconv.AppendInt(append(object, `,"status":`...), int64(status), 10)
	}
	if a.Always200 {
		status = http.StatusOK
	}
	object = append(append(object, fields...), '}')

	h := w.Header()
	if a.Callback == "" {
		h.Set("Content-Type", "application/json")
	} else {
		h.Set("Content-Type", "application/javascript; charset=utf-8")
		object = wire.AppendJSONP(make([]byte, 0, len(object)+len(a.Callback)+8), a.Callback, object)
	}
	h.Set("Content-Length", strconv.Itoa(len(object)))
	c := http.NewResponseController(w)
	_ = c.SetWriteDeadline(time.Now().Add(writeTimeout)) // where it cannot be set the server's own holds
	w.WriteHeader(status)
	_, _ = w.Write(object) // where it fails nobody is left to be told
	_ = c.Flush()
	_ = c.SetWriteDeadline(time.Time{}) // the connection's next answer sets its own
}

// writeTimeout is how long an answer may be stuck.
const writeTimeout = 30 * time.Second

// NotFound answers a path that is no endpoint.
func NotFound(w http.ResponseWriter) {
	AllowOrigin(w.Header(), "*")
	Answer{}.Error(w, wire.Errorf(wire.NotFound, "no such path: a router has /create and /relay, a relay /s/{socket} and /j/{socket}"))
}

func errMethod(method, allow string) error {
	return wire.Errorf(wire.MethodNotAllowed, "%q is not a method of this endpoint, which takes %s", method, allow)
}
