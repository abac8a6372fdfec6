package chaos

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A head is the first line and the headers of an HTTP/1 message.
type head struct {
	raw    []byte   // as it came, with the empty line
	first  []string // the words of the first line, at least two
	fields map[string]string
}

// maxHead is how long a head may be.
const maxHead = 256 << 10

// readHead reads a head. io.EOF is an end before its first byte.
func readHead(r *bufio.Reader) (head, error) {
	h := head{fields: make(map[string]string)}
	for {
		line, err := r.ReadString('\n')
		h.raw = append(h.raw, line...)
		if err != nil {
			if errors.Is(err, io.EOF) && len(h.raw) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return h, err
		}
		if len(h.raw) > maxHead {
			return h, errors.New("the headers are too long")
		}
		line = strings.TrimRight(line, "\r\n")
		name, value, isField := strings.Cut(line, ":")
		switch {
		case h.first == nil:
			if h.first = strings.Fields(line); len(h.first) < 2 {
				return h, fmt.Errorf("%.80q is no HTTP", line)
			}
		case line == "":
			return h, nil
		case isField:
			name = strings.ToLower(name)
			if before, twice := h.fields[name]; twice {
				value = before + "," + value
			}
			h.fields[name] = strings.TrimSpace(value)
		}
	}
}

// has tells whether a field that is a list has a word in it.
func (h head) has(name, word string) bool {
	for item := range strings.SplitSeq(h.fields[name], ",") {
		if strings.EqualFold(strings.TrimSpace(item), word) {
			return true
		}
	}
	return false
}

// handshake tells whether a request opens a WebSocket.
func (h head) handshake() bool {
	return h.has("connection", "upgrade") && h.has("upgrade", "websocket")
}

// status is that of a response, or 0.
func (h head) status() int {
	status, err := strconv.Atoi(h.first[1])
	if err != nil {
		return 0
	}
	return status
}

// last tells whether the connection ends after this message.
func (h head) last() bool {
	old := h.first[0] == "HTTP/1.0" || h.first[len(h.first)-1] == "HTTP/1.0"
	return h.has("connection", "close") || old && !h.has("connection", "keep-alive")
}
