package conformance

import (
	"bufio"
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
	t.Cleanup(func() { nc.Close() })
	return &wire{t: t, nc: nc, br: bufio.NewReader(nc)}
}

// ask writes a request, and waits for nothing.
func (w *wire) ask(a *ask) *wire {
	w.t.Helper()
	if _, err := fmt.Fprintf(w.nc, "%s %s?%s HTTP/1.1\r\nHost: %s\r\n\r\n", a.method, a.path, a.query, a.host); err != nil {
		w.t.Fatalf("%v\n  as the next request of a connection: %v", a, err)
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
