package conformance

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
)

// http10 speaks HTTP/1.0: a connection a request, no chunks either way.
type http10 struct {
	dial func(context.Context, string) (net.Conn, error)
}

// RoundTrip sends the request, whose body must have a known length, and does not wait for the body's end: it may be
// answered before.
func (h http10) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	nc, err := h.dial(ctx, req.URL.Host)
	if err != nil {
		return nil, err
	}
	b := &body10{nc: nc, stop: context.AfterFunc(ctx, func() { nc.Close() }), up: req.Body}
	b.head(req)
	if req.Body != nil {
		b.sending.Go(func() { io.Copy(nc, req.Body) }) // an early answer may break it off
	}
	resp, err := http.ReadResponse(bufio.NewReader(nc), req)
	if err != nil {
		b.Close()
		return nil, err
	}
	b.ReadCloser, resp.Body = resp.Body, b
	return resp, nil
}

// body10 is an answer's body, which has a connection to itself.
type body10 struct {
	io.ReadCloser // nil before the answer
	nc            net.Conn
	stop          func() bool
	up            io.Closer // the request's body
	sending       sync.WaitGroup
}

func (b *body10) head(req *http.Request) {
	w := bufio.NewWriter(b.nc)
	fmt.Fprintf(w, "%s %s HTTP/1.0\r\n", req.Method, req.URL.RequestURI())
	if req.Host != "" {
		fmt.Fprintf(w, "Host: %s\r\n", req.Host)
	}
	if req.Body != nil {
		fmt.Fprintf(w, "Content-Length: %d\r\n", req.ContentLength)
	}
	req.Header.Write(w)
	io.WriteString(w, "\r\n")
	w.Flush()
}

// Close ends the connection.
func (b *body10) Close() error {
	b.stop()
	err := b.nc.Close()
	if b.up != nil {
		b.up.Close()
	}
	b.sending.Wait()
	return err
}
