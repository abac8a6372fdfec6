package conformance

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// wire is one HTTP/1.1 connection, written by hand.
type wire struct {
	t  *T
	nc net.Conn
	br *bufio.Reader
}

// wire opens a connection until the test's end.
func (t *T) wire() *wire {
	t.Helper()
	nc, err := t.dial(t.Context(), t.base.Host)
	if err != nil {
		t.Fatal(err)
	}
	if t.srv.CA != nil {
		nc = tls.Client(nc, &tls.Config{RootCAs: t.srv.CA, ServerName: t.base.Hostname()})
	}
	t.Cleanup(func() { nc.Close() })
	return &wire{t: t, nc: nc, br: bufio.NewReader(nc)}
}

// ask writes requests, all at once, and waits for nothing.
func (w *wire) ask(all ...*ask) *wire {
	w.t.Helper()
	var b bytes.Buffer
	for _, a := range all {
		fmt.Fprintf(&b, "%s %s?%s HTTP/1.1\r\nHost: %s\r\n", a.method, a.path, a.query, a.host)
		if a.method == "POST" {
			fmt.Fprintf(&b, "Content-Length: %d\r\n", len(a.body))
		}
		a.header.Write(&b)
		fmt.Fprintf(&b, "\r\n%s", a.body)
	}
	w.nc.SetWriteDeadline(time.Now().Add(patience))
	if _, err := w.nc.Write(b.Bytes()); err != nil {
		w.t.Fatalf("%v\n  on a connection of its own: %v", all, err)
	}
	return w
}

// head reads the next answer's headers.
func (w *wire) head() *http.Response {
	w.t.Helper()
	w.nc.SetReadDeadline(time.Now().Add(patience))
	resp, err := http.ReadResponse(w.br, nil)
	if err != nil {
		w.t.Fatalf("the next answer on a connection: %v", err)
	}
	return resp
}

// answer reads the next answer whole, which must be 200 and keep the connection.
func (w *wire) answer() string {
	w.t.Helper()
	resp := w.head()
	got := w.rest(resp)
	if resp.StatusCode != 200 || resp.Close {
		w.t.Fatalf("the next answer on a connection\n  got: %s %q, and its end announced: %v", resp.Status, clip(got), resp.Close)
	}
	return got
}

// rest reads the rest of an answer, which must end as it should.
func (w *wire) rest(resp *http.Response) string {
	w.t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatalf("an answer on a connection, after %q\n  got: %v", clip(string(b)), err)
	}
	return string(b)
}

// refused reads the next answer, which must be this error, and keep the connection.
func (w *wire) refused(status int) {
	w.t.Helper()
	if resp := w.head(); resp.StatusCode != status || resp.Close || w.rest(resp) == "" {
		w.t.Fatalf("the next answer on a connection\n  got: %s, and its end announced: %v; want %d", resp.Status, resp.Close, status)
	}
}

// ready says whether an answer has begun to come.
func (w *wire) ready() bool {
	w.nc.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	_, err := w.br.Peek(1)
	return err == nil
}
