package parking

import (
	"bufio"
	"crypto/tls"
	"net"
)

// split takes a hijacked connection apart: what it is below, and what was read of
// it and not used.
func split(conn net.Conn, buffer *bufio.Reader) (below net.Conn, ahead []byte) {
	if n := buffer.Buffered(); n > 0 {
		read, _ := buffer.Peek(n) // they are there
		ahead = append(ahead, read...)
	}
	// It may have been here before.
	switch c := conn.(type) {
	case *readAhead:
		return c.Conn, append(ahead, c.ahead...)
	case tlsAhead:
		return c.Conn, append(ahead, c.ahead...)
	}
	return conn, ahead
}

// join is the inverse of split.
func join(below net.Conn, ahead []byte) net.Conn {
	if len(ahead) == 0 {
		return below
	}
	c := &readAhead{below, ahead}
	if t, ok := below.(*tls.Conn); ok {
		return tlsAhead{c, t}
	}
	return c
}

// readAhead is a connection some of which was read already.
type readAhead struct {
	net.Conn
	ahead []byte
}

func (c *readAhead) Read(p []byte) (int, error) {
	if len(c.ahead) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.ahead)
	if c.ahead = c.ahead[n:]; len(c.ahead) == 0 {
		c.ahead = nil
	}
	return n, nil
}

// tlsAhead is one over TLS, which net/http looks for in this way.
type tlsAhead struct {
	*readAhead
	tls *tls.Conn
}

func (c tlsAhead) ConnectionState() tls.ConnectionState { return c.tls.ConnectionState() }
