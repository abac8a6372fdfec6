package conformance

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
)

// http10 speaks HTTP/1.0: a connection a request, no chunks either way.
type http10 struct {
	dial func(context.Context, string) (net.Conn, error)
}

// RoundTrip sends the request, whose body must have a known length.
func (h http10) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	nc, err := h.dial(ctx, req.URL.Host)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	resp, err := h.exchange(nc, req)
	if err != nil {
		stop()
		nc.Close()
		return nil, err
	}
	resp.Body = &body10{ReadCloser: resp.Body, stop: stop, nc: nc}
	return resp, nil
}

func (h http10) exchange(nc net.Conn, req *http.Request) (*http.Response, error) {
	w := bufio.NewWriter(nc)
	fmt.Fprintf(w, "%s %s HTTP/1.0\r\n", req.Method, req.URL.RequestURI())
	if req.Host != "" {
		fmt.Fprintf(w, "Host: %s\r\n", req.Host)
	}
	if req.Body != nil {
		fmt.Fprintf(w, "Content-Length: %d\r\n", req.ContentLength)
	}
	req.Header.Write(w)
	io.WriteString(w, "\r\n")
	if req.Body != nil {
		io.Copy(w, req.Body) // an early answer may break the connection: read it all the same
	}
	w.Flush()
	return http.ReadResponse(bufio.NewReader(nc), req)
}

// body10 closes its connection with the body.
type body10 struct {
	io.ReadCloser
	stop func() bool
	nc   net.Conn
}

// Close ends the connection.
func (b *body10) Close() error {
	b.stop()
	b.ReadCloser.Close()
	return b.nc.Close()
}
