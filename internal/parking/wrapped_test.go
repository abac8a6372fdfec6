//go:build linux

package parking_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
)

// A wrapper is a connection of somebody's own: what is read and written passes it.
type wrapper struct {
	*net.TCPConn
	written *atomic.Int64
}

func (w wrapper) Write(p []byte) (int, error) {
	w.written.Add(int64(len(p)))
	return w.TCPConn.Write(p)
}

// A hidden one shows nothing of what is below.
type hidden struct{ net.Conn }

type wrapping struct {
	net.Listener
	wrap func(net.Conn) net.Conn
}

func (l wrapping) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		conn = l.wrap(conn)
	}
	return conn, err
}

// A program may have wrapped its connections: all is written through the wrapper, a
// hangup is noticed, and between two requests there is as much time as anywhere.
func TestWrapped(t *testing.T) {
	for name, overTLS := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			var written atomic.Int64
			for _, counts := range []bool{true, false} {
				wrap := func(c net.Conn) net.Conn {
					if counts {
						return wrapper{c.(*net.TCPConn), &written}
					}
					return hidden{c}
				}
				h := open(t, overTLS, wrap)
				conn := h.dial(t)
				in := bufio.NewReader(conn)
				for range 3 {
					fmt.Fprint(conn, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
					g := h.guest(t)
					written.Store(0)
					g.Write(add("more"))
					g.Finish()
					resp, err := http.ReadResponse(in, nil)
					if err != nil {
						t.Fatal(err)
					}
					if got, err := io.ReadAll(resp.Body); err != nil || string(got) != "first more" {
						t.Errorf("%q, %v", got, err)
					}
					wait(t, g.over)
					if n := int(written.Load()); counts && n < len("4\r\nmore\r\n0\r\n\r\n") {
						t.Errorf("%d bytes passed the wrapper", n)
					}
				}
				fmt.Fprint(conn, "GET /poll HTTP/1.1\r\nHost: x\r\n\r\n")
				g := h.guest(t)
				_ = conn.Close()
				wait(t, g.over)
			}
		})
	}
}
