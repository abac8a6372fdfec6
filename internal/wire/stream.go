package wire

import "strconv"

// AppendFrame appends a whole message or a close as one unmasked RFC 6455 frame,
// as /x sends it. A close without a code has no payload; a connection that broke
// is a Close frame with 1006, which only stands here: /x is no WebSocket.
func AppendFrame(dst []byte, f Frame) []byte {
	h := Header{Fin: true, Opcode: OpText, Length: int64(len(f.Data))}
	switch f.Kind {
	case Binary:
		h.Opcode = OpBinary
	case Close:
		h.Opcode = OpClose
		if f.Code != CloseNoStatus {
			h.Length += 2
		}
		return AppendClosePayload(AppendHeader(dst, h), f.Code, f.Data)
	}
	return append(AppendHeader(dst, h), f.Data...)
}

// Ping is the first bytes of /x, and its heartbeat: a ping frame with 4 bytes of
// payload, for an XMLHttpRequest shows nothing of 2 bytes.
const Ping = "\x89\x04poly"

// AppendEvent appends a message as the server-sent event numbered n, as /e sends
// it (HTML standard §9.2.6).
func AppendEvent(dst []byte, n uint64, f Frame) []byte {
	dst = strconv.AppendUint(append(dst, "id: "...), n, 10)
	dst = AppendMessage(append(dst, "\ndata: "...), f)
	return append(dst, "\n\n"...)
}

// The first bytes of /e, and its heartbeat: a comment, or an event without an id
// for scripts, which see no comments.
const (
	Comment        = ":\n\n"
	HeartbeatEvent = "data: " + Heartbeat + "\n\n"
)
