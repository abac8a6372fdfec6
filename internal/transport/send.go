package transport

import (
	"io"
	"net/http"
	"strconv"

	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/wire"
)

var sendParams = []string{"cb", "status", "t", "d", "n", "m", "a", "code", "reason"}

// send answers /s/{socket}: it takes messages, and withholds its answer until
// they have been passed on.
func (h *Handler) send(w http.ResponseWriter, r *http.Request, id string) {
	v := h.enter(w, r, id, sendParams, http.MethodGet, http.MethodPost)
	if v == nil {
		return
	}
	send, err := h.readSend(v, r)
	t, given := v.params.Get("t")
	switch {
	case err != nil:
	case t == "f":
		h.sendBatch(w, r, v, send)
		return
	case !given:
		err = v.session.Acknowledge(send.Ack)
	default:
		h.accept(w, r, v, send)
		return
	}
	v.release()
	h.early(w, r, func() {
		defer v.session.Leave()
		if err != nil {
			v.answer.Error(w, err)
			return
		}
		v.answer.OK(w, http.StatusCreated)
	})
}

// An offer is messages that the session was handed, and its answer to them.
type offer struct {
	pending
	result session.Result // when it is done

	last uint64 // the number of the last of them; see whenLate
	hook func() // guarded by pending.mu
}

// offerTo hands the session messages, and tells how many were taken. What it answers
// in the end is in the offer; who waits for that sets what pending needs.
func offerTo(s *session.Session, send session.Send) (o *offer, taken int) {
	o = &offer{pending: pending{done: make(chan struct{})}}
	taken, o.gone = s.Accept(send, func(r session.Result) {
		o.result = r
		o.finish()
		o.mu.Lock()
		hook := o.hook
		o.mu.Unlock()
		if hook != nil && o.late() {
			hook()
		}
	})
	return o, taken
}

// whenLate has f called where the messages, of which this is the last's number, are
// refused, or have waited too long.
func (o *offer) whenLate(last uint64, f func()) {
	o.mu.Lock()
	o.last, o.hook = last, f
	finished := o.finished
	o.mu.Unlock()
	if finished && o.late() {
		f()
	}
}

// answered is the answer, where there is one.
func (o *offer) answered() (session.Result, bool) {
	select {
	case <-o.done:
		return o.result, true
	default:
		return session.Result{}, false
	}
}

// late tells whether an offer that is done was refused, or has waited too long.
func (o *offer) late() bool { return o.result.Err != nil || o.result.N < o.last }

// accept hands the session what was read, and answers when the session does. It
// keeps nothing of the body meanwhile, and leaves the session.
func (h *Handler) accept(w http.ResponseWriter, r *http.Request, v *visit, send session.Send) {
	o, _ := offerTo(v.session, send)
	v.release() // the session has what it keeps
	h.answerOffer(w, r, v, o, send.N > 0, nil)
}

// answerOffer waits for the answer to an offer, and gives it; but one of those before
// it where that was refused.
func (h *Handler) answerOffer(w http.ResponseWriter, r *http.Request, v *visit, o *offer, numbered bool, before []*offer) {
	answers := v.answer
	o.leave = v.session.Leave
	o.answer = func(w http.ResponseWriter) {
		result := o.result
		for _, b := range before {
			if before, done := b.answered(); done && before.Err != nil && result.Err == nil {
				result.Err = before.Err
			}
		}
		answerSend(w, answers, numbered, result)
	}
	h.wait(w, r, &o.pending)
}

func answerSend(w http.ResponseWriter, answers endpoint.Answer, numbered bool, result session.Result) {
	switch {
	case result.Err != nil:
		answers.Error(w, result.Err)
	case numbered:
		answers.OK(w, http.StatusCreated, strconv.AppendUint([]byte(`,"n":`), result.N, 10))
	default:
		answers.OK(w, http.StatusCreated)
	}
}

// readSend reads what a request sends; but of a batch its frames are still to be
// read.
func (h *Handler) readSend(v *visit, r *http.Request) (session.Send, error) {
	raw := false
	switch {
	case r.Method == http.MethodGet:
		if _, jsonp := v.params.Get("cb"); !jsonp && v.err == nil {
			v.err = wire.Errorf(wire.BadRequest, "a GET needs cb: without JSONP, send a POST")
		}
	case endpoint.MediaType(r) == endpoint.Form:
		v.readForm(r)
	default:
		raw = true
	}
	send := session.Send{Ack: v.ack()}
	n, numbered := v.number("n")
	if numbered && n == 0 && v.err == nil {
		v.err = wire.Errorf(wire.BadRequest, "n is 0, and messages are numbered from 1")
	}
	send.N = n
	more := v.flag("m")
	code, coded := v.number("code")
	if v.err != nil {
		return send, v.err
	}
	var body []byte
	var err error
	t, given := v.params.Get("t")
	if raw && t != "f" {
		if body, err = v.readRaw(r); err != nil {
			return send, err
		}
	}
	switch {
	case !given && send.Ack.Given && len(body) == 0 && !v.has("d"):
		return send, nil // it only acknowledges
	case !given:
		return send, wire.Errorf(wire.BadRequest, "t is missing: t for text, b for binary, f for frames, c to close")
	case t == "t" || t == "b":
		send.Frames, err = h.readData(v, wire.Kind(t[0]), more, raw, body)
	case t == "f":
		send.Whole = true
		err = v.checkBatch(more, raw)
	case t == "c":
		send.Frames, err = v.readClose(code, coded, more, body)
	default:
		err = wire.Errorf(wire.BadRequest, "t can be t (text), b (binary), f (frames) or c (close), and nothing else")
	}
	return send, err
}

// formSlack is the room in a form for what is not the message, in bytes.
const formSlack = 64 << 10

// readForm adds the parameters of a form to those of the query.
func (v *visit) readForm(r *http.Request) {
	// Each byte of a message may be three of a form, and base64 is a third longer.
	defer v.reads(formCost)()
	body, err := endpoint.ReadBody(r, 4*int64(v.session.MessageLimit())+formSlack)
	if err == nil {
		err = v.params.Parse(string(body))
	}
	if err != nil && v.err == nil {
		v.err = err
	}
	v.readAnswer()
}

// readRaw reads a raw body that is a message. It may be a byte over the limit: the
// session then says what becomes of it.
func (v *visit) readRaw(r *http.Request) ([]byte, error) {
	limit := v.session.MessageLimit()
	defer v.reads(rawCost)()
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(limit)+1))
	if err != nil {
		return nil, errBodyCut
	}
	if len(body) > limit {
		endpoint.Overlong(r, int64(limit))
	}
	return body, nil
}

// readData reads a message, or a part of one.
func (h *Handler) readData(v *visit, kind wire.Kind, more, raw bool, body []byte) ([]wire.Frame, error) {
	d, given := v.params.Get("d")
	switch {
	case given && len(body) > 0:
		return nil, wire.Errorf(wire.BadRequest, "there is a d and a body too: in a raw POST the body is the data")
	case !given && !raw:
		return nil, wire.Errorf(wire.BadRequest, "d is missing (it may be empty). To send a raw body instead, give it a Content-Type "+
			"other than %s, or none: curl -H 'Content-Type:' --data-binary @file", endpoint.Form)
	case given && kind == wire.Binary:
		var err error
		if body, err = wire.DecodeBase64(d); err != nil {
			return nil, wire.Errorf(wire.BadRequest, "d: %v", err)
		}
	case given:
		body = []byte(d)
	}
	return []wire.Frame{{Kind: kind, More: more, Data: body}}, nil
}

// readClose reads a close.
func (v *visit) readClose(code uint64, given, more bool, body []byte) ([]wire.Frame, error) {
	reason, _ := v.params.Get("reason")
	switch {
	case more:
		return nil, wire.Errorf(wire.BadRequest, "m does not go with t=c")
	case len(body) > 0 || v.has("d"):
		return nil, wire.Errorf(wire.BadRequest, "t=c takes code and reason, and no data")
	case !given:
		code = uint64(wire.CloseNoStatus)
	case code > 4999 || code == uint64(wire.CloseNoStatus):
		return nil, wire.Errorf(wire.BadRequest, "close code %d is not allowed: use 1000, 1001 or 3000 to 4999", code)
	}
	f := wire.Frame{Kind: wire.Close, Code: wire.CloseCode(code), Data: []byte(reason)}
	if err := wire.CheckClose(f.Code, f.Data); err != nil {
		return nil, wire.Errorf(wire.BadRequest, "%v", err)
	}
	return []wire.Frame{f}, nil
}

func (v *visit) has(name string) bool {
	_, given := v.params.Get(name)
	return given
}
