package chaos

import (
	"bufio"
	"context"
	"io"
)

// An http1 passes HTTP/1.1 on, one exchange after the other, and has a seam for each fault that is about HTTP.
type http1 struct {
	client, server         Conn
	fromClient, fromServer *bufio.Reader

	// handshake has the connection from a WebSocket handshake on. When it is nil, and when it returns true, the
	// handshake is passed on.
	handshake func(request head) bool

	// response is where a response is passed on to; done is called when it is complete. When it is nil that is the
	// client.
	response func() (w io.Writer, done func() error)

	// upgraded has the connection once a handshake was answered with 101. When it is nil that is passed on.
	upgraded func()
}

// serve dials, and serves until one of the ends has gone.
func (x *http1) serve(ctx context.Context, client Conn, dial Dial) {
	server, err := dial(ctx)
	if err != nil {
		client.Abort()
		return
	}
	defer server.Close()
	x.client, x.fromClient = client, bufio.NewReader(client)
	x.server, x.fromServer = server, bufio.NewReader(server)
	for x.exchange() {
	}
}

// exchange passes on a request and its response, and tells whether there may be another.
func (x *http1) exchange() bool {
	request, err := readHead(x.fromClient)
	if err != nil {
		return false
	}
	if request.handshake() && x.handshake != nil && !x.handshake(request) {
		return false
	}
	if as(x.server, request.raw) != nil {
		x.client.Abort()
		return false
	}
	// The body goes up while the response comes down: it may be answered before its end. Behind it comes the next
	// request, or the client hangs up, and then the server is to know.
	next := make(chan bool, 1)
	go func() {
		err := copyBody(x.server, x.fromClient, request.requestBody())
		if err == nil && !request.handshake() {
			_, err = x.fromClient.Peek(1)
		}
		if err != nil {
			x.server.Close()
		}
		next <- err == nil
	}()
	response, err := x.respond(request)
	switch {
	case err != nil:
		x.client.Abort()
		x.server.Close()
		<-next
		return false
	case response.status() == 101:
		<-next
		x.tunnel()
		return false
	case request.last() || response.last() || response.responseBody(request.first[0]) == untilEnd:
		x.client.Close()
		<-next
		return false
	}
	return <-next
}

// respond passes on the response to a request, and those of 1xx before it.
func (x *http1) respond(request head) (head, error) {
	for {
		response, err := readHead(x.fromServer)
		if err != nil {
			return response, err
		}
		status := response.status()
		if status < 200 {
			if err := as(x.client, response.raw); err != nil || status == 101 {
				return response, err
			}
			continue
		}
		var w io.Writer = x.client
		done := func() error { return nil }
		if x.response != nil {
			w, done = x.response()
		}
		if err := as(w, response.raw); err != nil {
			return response, err
		}
		if err := copyBody(w, x.fromServer, response.responseBody(request.first[0])); err != nil {
			return response, err
		}
		return response, done()
	}
}

func (x *http1) tunnel() {
	if x.upgraded != nil {
		x.upgraded()
	}
	tunnel(x.client, x.fromClient, x.server, x.fromServer, as, as)
}
