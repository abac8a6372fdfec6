package wire

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// The ways in which a batch is too large.
var (
	ErrMessageTooLarge = errors.New("a message is over the limit")
	ErrBatchTooLarge   = errors.New("there are too many messages")
)

// BatchSlack is what a batch may cost beyond one message of the limit, in bytes:
// what a session's window takes, twice.
const BatchSlack = 512 << 10

// ParseBatch reads a run of whole RFC 6455 messages as frames, masked or not:
// the body of a send with t=f. Fragments are joined, pings and pongs left out.
// A message of more than limit bytes is ErrMessageTooLarge, and messages whose
// Cost is more than that and BatchSlack are ErrBatchTooLarge; any other error says
// what is wrong in the run. After an error nothing of it should be used.
//
// The frames' data lie in body, which is unmasked in place.
func ParseBatch(body []byte, limit int) ([]Frame, error) {
	var (
		frames  []Frame
		message Frame // the one being joined from fragments
		open    bool  // whether there is one
		closed  bool
		cost    int
	)
	for at := 0; at < len(body); {
		h, n, err := ParseHeader(body[at:])
		switch {
		case err != nil:
			return nil, fmt.Errorf("at byte %d: %w", at, err)
		case n == 0:
			return nil, fmt.Errorf("at byte %d: a frame's header is cut off", at)
		case closed:
			return nil, fmt.Errorf("at byte %d: a frame follows the Close frame", at)
		case h.RSV != 0:
			return nil, fmt.Errorf("at byte %d: a frame has a reserved bit set", at)
		case h.Length > int64(len(body)-at-n):
			return nil, fmt.Errorf("at byte %d: a frame of %d bytes is cut off", at, h.Length)
		}
		start := at
		at += n
		data := body[at : at+int(h.Length) : at+int(h.Length)]
		at += int(h.Length)
		if h.Masked {
			ws.Cipher(data, h.Mask, 0)
		}

		switch h.Opcode {
		case OpPing, OpPong:
			continue
		case OpClose:
			if open {
				return nil, fmt.Errorf("at byte %d: a Close frame follows a message that is unfinished", start)
			}
			code, reason, err := ParseClosePayload(data)
			if err == nil {
				err = CheckClose(code, reason)
			}
			if err != nil {
				return nil, fmt.Errorf("at byte %d: %w", start, err)
			}
			frames = append(frames, Frame{Kind: Close, Code: code, Data: reason})
			closed = true
			continue
		case OpContinuation:
			if !open {
				return nil, fmt.Errorf("at byte %d: a continuation frame continues nothing", start)
			}
			if len(message.Data)+len(data) > limit {
				return nil, ErrMessageTooLarge
			}
			message.Data = append(message.Data, data...) // capped above: it never writes into body
		case OpText, OpBinary:
			if open {
				return nil, fmt.Errorf("at byte %d: a message begins inside another", start)
			}
			if len(data) > limit {
				return nil, ErrMessageTooLarge
			}
			message = Frame{Kind: Text, Data: data}
			if h.Opcode == OpBinary {
				message.Kind = Binary
			}
		}
		open = !h.Fin
		if open {
			continue
		}
		if message.Kind == Text && !utf8.Valid(message.Data) {
			return nil, fmt.Errorf("at byte %d: a text message that ends here is not UTF-8", start)
		}
		if cost += message.Cost(); cost > limit+BatchSlack {
			return nil, ErrBatchTooLarge
		}
		frames = append(frames, message)
	}
	if open {
		return nil, errors.New("the last message is unfinished")
	}
	return frames, nil
}
