package conformance

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/polysocket/polysocket/conformance/target"
)

// format is how the bytes of a stream are cut, and what they say.
type format struct {
	rule  string // what is broken where they are wrong
	ctype string
	cut   func(came []byte) int // the length of the first whole piece, 0 where there is none yet
	read  func(st *stream, piece string) ([]item, error)
}

var (
	frames = format{"x.frames", "application/octet-stream", cutFrame, readFrame}
	events = format{"e.message", "text/event-stream", cutEvent, readEvent}
	lines  = format{"m.stream", "application/x-ndjson", cutLine, readLine}
)

const seqHeader = "Polysocket-Seq"

func (a *ask) format() format {
	switch {
	case strings.HasPrefix(a.path, "/x/"):
		return frames
	case strings.HasPrefix(a.path, "/e/"):
		return events
	}
	return lines
}

// frame is the header's length and the payload's, of what begins a stream; ok is false where the header is not whole.
func frame(b []byte) (head, payload int, ok bool) {
	if len(b) < 2 {
		return 0, 0, false
	}
	head, payload = 2, int(b[1]&0x7F)
	if payload >= 126 {
		ext := 2
		if payload == 127 {
			ext = 8
		}
		if head += ext; len(b) < head {
			return 0, 0, false
		}
		payload = 0
		for _, c := range b[2:head] {
			payload = payload<<8 | int(c)
		}
	}
	return head, payload, true
}

func cutFrame(b []byte) int {
	head, payload, ok := frame(b)
	if ok && (b[1]&0x80 != 0 || payload < 0) {
		return head // which is wrong
	}
	if !ok || head+payload > len(b) {
		return 0
	}
	return head + payload
}

func readFrame(st *stream, b string) ([]item, error) {
	head, n, _ := frame([]byte(b))
	if b[1]&0x80 != 0 {
		return nil, errors.New("the frame is masked")
	}
	payload := b[head:]
	if len(payload) != n {
		return nil, errors.New("a length with its top bit set")
	}
	if want := (target.Frame{Fin: true, Opcode: b[0] & 0x0F}); want.Append(nil)[0] != b[0] {
		return nil, fmt.Errorf("its first byte is %#x, want FIN and no reserved bit", b[0])
	}
	if n < 126 && head != 2 || n < 1<<16 && head > 4 {
		return nil, fmt.Errorf("a length of %d in a header of %d bytes", n, head)
	}
	m := item{seq: st.count}
	switch b[0] & 0x0F {
	case target.OpText:
		m.text = "text " + payload
	case target.OpBinary:
		m.text = "binary " + base64.StdEncoding.EncodeToString([]byte(payload))
	case target.OpClose:
		code := 1005
		if n > 1 {
			code = int(payload[0])<<8 | int(payload[1])
			payload = payload[2:]
		} else if n == 1 {
			return nil, errors.New("a Close of one byte")
		}
		m.text = closing(code, payload)
	case target.OpPing:
		if n != 4 {
			return nil, fmt.Errorf("x.heartbeat: a ping of %d bytes, want 4", n)
		}
		return []item{{text: heartbeat}}, nil
	default:
		return nil, fmt.Errorf("opcode %d", b[0]&0x0F)
	}
	if st.count == 0 {
		var err error
		if m.seq, err = strconv.ParseInt(st.header.Get(seqHeader), 10, 64); err != nil || m.seq < 1 {
			return nil, fmt.Errorf("x.seq: %s: %q", seqHeader, st.header.Get(seqHeader))
		}
	}
	st.count = m.seq + 1
	return []item{m}, nil
}

// closing is a close as message.String writes it.
func closing(code int, reason string) string {
	clean := code != 1006
	return message{Type: "close", Code: &code, Reason: &reason, WasClean: &clean}.String()
}

// cutEvent cuts after an empty line, or after a comment that no field stands before; an empty line may follow that.
func cutEvent(b []byte) int {
	if n := bytes.IndexByte(b, '\n') + 1; n == 1 || n > 1 && b[0] == ':' {
		return n
	}
	if n := bytes.Index(b, []byte("\n\n")); n >= 0 {
		return n + 2
	}
	return 0
}

// beats is the heartbeat for a script.
const beats = "data: {\"type\":\"heartbeat\"}\n\n"

func readEvent(st *stream, b string) ([]item, error) {
	scripted := strings.Contains("&"+st.ask.query, "&hb=")
	switch {
	case b == "\n":
		return nil, nil
	case strings.Contains(b, "\r"):
		return nil, errors.New("a carriage return")
	case strings.HasPrefix(b, ":") && scripted, b == beats && !scripted:
		return nil, fmt.Errorf("e.heartbeat: with hb: %v", scripted)
	case strings.HasPrefix(b, ":"), b == beats:
		return []item{{text: heartbeat}}, nil
	}
	id, data, _ := strings.Cut(strings.TrimSuffix(b, "\n\n"), "\n")
	number, hasID := strings.CutPrefix(id, "id: ")
	text, hasData := strings.CutPrefix(data, "data: ")
	seq, err := strconv.ParseInt(number, 10, 64)
	if !hasID || !hasData || strings.Contains(text, "\n") || err != nil || seq < 1 {
		return nil, errors.New("want an id line and one data line")
	}
	var m message
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return nil, err
	}
	return []item{{seq: seq, text: m.String()}}, nil
}

func cutLine(b []byte) int { return bytes.IndexByte(b, '\n') + 1 }

func readLine(_ *stream, b string) ([]item, error) {
	if b == "   \n" {
		return []item{{text: heartbeat}}, nil
	}
	var o object
	if err := json.Unmarshal([]byte(b), &o); err != nil {
		return nil, err
	}
	switch s := o.String(); {
	case strings.HasPrefix(s, "malformed"):
		return nil, errors.New(s)
	case o.Code != "":
		return []item{{socket: o.Socket, text: o.Code}}, nil
	case len(*o.Messages) == 0 || *o.Seq < 1:
		return nil, errors.New("no messages, or no number")
	}
	var all []item
	for i, m := range *o.Messages {
		all = append(all, item{socket: o.Socket, seq: *o.Seq + int64(i), text: m.String()})
	}
	return all, nil
}
