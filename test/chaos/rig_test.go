package chaos

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
)

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// before puts a proxy before a server.
func before(t *testing.T, server *httptest.Server, faults ...Fault) *Proxy {
	t.Helper()
	t.Cleanup(server.Close)
	p, err := Listen("127.0.0.1:0", server.Listener.Addr().String(), faults...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// serving starts a server.
func serving(handler http.HandlerFunc) *httptest.Server { return httptest.NewServer(handler) }

// A peer is a raw connection.
type peer struct {
	t *testing.T
	*net.TCPConn
	r *bufio.Reader
}

func dial(t *testing.T, p *Proxy) *peer {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &peer{t, c.(*net.TCPConn), bufio.NewReader(c)}
}

// send sends a request, written with \n for ends of lines.
func (p *peer) send(request string) {
	p.t.Helper()
	if _, err := io.WriteString(p, strings.ReplaceAll(request, "\n", "\r\n")); err != nil {
		p.t.Fatal(err)
	}
}

// response reads the head of a response; the body is the caller's.
func (p *peer) response(method string) *http.Response {
	p.t.Helper()
	response, err := http.ReadResponse(p.r, &http.Request{Method: method})
	if err != nil {
		p.t.Fatal(err)
	}
	return response
}

// gets sends a GET and checks the answer.
func (p *peer) gets(path, want string) {
	p.t.Helper()
	p.send("GET " + path + " HTTP/1.1\nHost: x\n\n")
	p.is("GET", want)
}

func (p *peer) is(method, want string) {
	p.t.Helper()
	response := p.response(method)
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 || string(body) != want {
		p.t.Fatalf("got %d %.100q (%v), want %q", response.StatusCode, body, err, want)
	}
}

// echo is a WebSocket server that echoes; what is no handshake is answered with "plain".
func echo() *httptest.Server {
	return serving(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			_, _ = io.WriteString(w, "plain")
			return
		}
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			kind, data, err := c.Read(r.Context())
			if err != nil || c.Write(r.Context(), kind, data) != nil {
				return
			}
		}
	})
}

// open opens a WebSocket.
func open(t *testing.T, p *Proxy) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	c, response, err := websocket.Dial(t.Context(), "ws://"+p.Addr(), &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
	if err == nil {
		t.Cleanup(func() { c.CloseNow() })
	}
	return c, response, err
}

// said sends a message and checks that it comes back.
func said(t *testing.T, c *websocket.Conn, data string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := c.Write(ctx, websocket.MessageText, []byte(data)); err != nil {
		t.Fatal(err)
	}
	if _, got, err := c.Read(ctx); err != nil || string(got) != data {
		t.Fatalf("got %q (%v), want %q", got, err, data)
	}
}

// virtually runs a fault between two ends in virtual time.
func virtually(t *testing.T, fault Fault, f func(t *testing.T, client, server Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		client, near := pipe()
		far, server := pipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer near.Close()
			fault.Serve(t.Context(), near, func(context.Context) (Conn, error) { return far, nil })
		}()
		f(t, client, server)
		client.Close()
		server.Close()
		<-done
	})
}

// piece reads what comes in one piece.
func piece(t *testing.T, c Conn) string {
	t.Helper()
	b := make([]byte, 1000)
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func put(t *testing.T, c Conn, data string) {
	t.Helper()
	if _, err := io.WriteString(c, data); err != nil {
		t.Fatal(err)
	}
}
