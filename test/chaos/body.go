package chaos

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// What says where a body ends: a length from 0 on, or one of these.
const (
	chunked  = -1
	untilEnd = -2 // of the connection
)

// requestBody is where the body of a request ends.
func (h head) requestBody() int64 {
	if size := h.body(); size != untilEnd {
		return size
	}
	return 0
}

// responseBody is where the body of the response to a request ends.
func (h head) responseBody(method string) int64 {
	status := h.status()
	if method == "HEAD" || status < 200 || status == 204 || status == 304 {
		return 0
	}
	return h.body()
}

func (h head) body() int64 {
	if h.has("transfer-encoding", "chunked") {
		return chunked
	}
	size, err := strconv.ParseInt(h.fields["content-length"], 10, 64)
	if err != nil || size < 0 {
		return untilEnd
	}
	return size
}

// copyBody passes a body on byte for byte, as it comes.
func copyBody(w io.Writer, r *bufio.Reader, size int64) error {
	switch size {
	case chunked:
		return copyChunks(w, r)
	case untilEnd:
		return run(w, r, as)
	default:
		return copyExactly(w, r, size)
	}
}

func copyExactly(w io.Writer, r io.Reader, size int64) error {
	counted := &io.LimitedReader{R: r, N: size}
	err := run(w, counted, as)
	if err == nil && counted.N > 0 {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func copyChunks(w io.Writer, r *bufio.Reader) error {
	for {
		line, err := copyLine(w, r)
		if err != nil {
			return err
		}
		digits, _, _ := strings.Cut(line, ";")
		size, err := strconv.ParseInt(strings.TrimSpace(digits), 16, 64)
		if err != nil || size < 0 {
			return fmt.Errorf("%.80q is no chunk's size", line)
		}
		if size == 0 {
			break
		}
		if err := copyExactly(w, r, size+2); err != nil { // with its CRLF
			return err
		}
	}
	for { // trailers
		if line, err := copyLine(w, r); err != nil || line == "" {
			return err
		}
	}
}

// copyLine passes a line on, and returns it without its end.
func copyLine(w io.Writer, r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", io.ErrUnexpectedEOF
	}
	return strings.TrimRight(line, "\r\n"), as(w, []byte(line))
}
