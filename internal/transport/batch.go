package transport

import (
	"errors"
	"io"
	"net/http"

	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/wire"
)

// How much of a batch is handed to the session at once: what its window takes.
const (
	runCount = 64
	runBytes = 256 << 10
)

var errBodyCut = wire.Errorf(wire.BadRequest, "the body did not arrive whole")

// checkBatch tells what is wrong with the parameters of a send with t=f.
func (v *visit) checkBatch(more, raw bool) error {
	switch {
	case !raw:
		return wire.Errorf(wire.BadRequest, "t=f takes a raw body: send a POST that is no form")
	case more:
		return wire.Errorf(wire.BadRequest, "m does not go with t=f, whose body ends on a whole message")
	case v.has("d"):
		return wire.Errorf(wire.BadRequest, "d does not go with t=f: the body is the data")
	}
	return nil
}

// sendBatch takes the messages of a body as they arrive. It reads on when they have
// been passed on, and answers when all were.
func (h *Handler) sendBatch(w http.ResponseWriter, r *http.Request, v *visit, send session.Send) {
	body := wire.NewBatchReader(r.Body, h.messageLimit)
	numbered := send.N > 0
	var result session.Result
	for first := true; ; first = false {
		frames, err := body.Next(runCount, runBytes)
		ended := errors.Is(err, io.EOF)
		if err != nil && (!first || !ended) {
			result.Err = h.batchError(err)
			break
		}
		send.Frames = frames
		if ended || body.Last() {
			h.accept(w, r, v, send)
			return
		}
		if result = h.passOn(r, v, send); result.Err != nil || numbered && result.N < send.N+uint64(len(frames))-1 {
			break
		}
		if numbered {
			send.N += uint64(len(frames))
		}
		send.Ack = session.Ack{}
	}
	h.early(w, r, func() {
		answerSend(w, v.answer, numbered, result)
		v.session.Leave() // what else it sends is for nobody
	})
}

// batchError is the answer for what is wrong with a batch; nil at its end.
func (h *Handler) batchError(err error) *wire.Error {
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case errors.Is(err, wire.ErrMessageTooLarge):
		return wire.Errorf(wire.TooLarge, "a message in the body is over the limit of %d bytes", h.messageLimit)
	case errors.Is(err, wire.ErrBodyBroken):
		return errBodyCut
	}
	return wire.Errorf(wire.BadRequest, "the body is no run of whole frames: %v", err)
}

// passOn hands the session some messages, and again what did not fit into its
// window, until all are passed on. Where nothing moves on it gives up.
func (h *Handler) passOn(r *http.Request, v *visit, send session.Send) (result session.Result) {
	for len(send.Frames) > 0 {
		results := make(chan session.Result, 1)
		cancel := v.session.Accept(send, func(result session.Result) { results <- result })
		select {
		case result = <-results:
		case <-r.Context().Done():
			cancel()
			v.session.Leave()
			endpoint.Abandon()
		}
		if result.Err != nil || send.N == 0 || result.N < send.N {
			return result
		}
		taken := min(result.N-send.N+1, uint64(len(send.Frames)))
		send.N += taken
		send.Frames = send.Frames[taken:]
	}
	return result
}
