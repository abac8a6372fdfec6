package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

// A peer is one of what is compared: a server process, and a way to be its
// client.
type peer struct {
	name string
	open func(ctx context.Context, p *peer) (link, error)

	addr   string
	target *peer // of polysocket: where its sockets lead
	ask    io.Writer
	answer *bufio.Scanner
}

// A link is one client's socket.
type link interface {
	// trip sends a message and waits for its echo.
	trip(ctx context.Context, message string) error
	// rest closes every connection that the socket can do without.
	rest(ctx context.Context) error
	// park closes them too, but for one with a read that waits.
	park(ctx context.Context) error
	// check asks whether the socket is still there, after rest or park.
	check(ctx context.Context) error
	close()
}

// startPeers starts the servers.
func startPeers(ctx context.Context) (peers []*peer, stop func(), err error) {
	direct := &peer{name: "direct", open: openDirect}
	polysocket := &peer{name: "polysocket", open: openPolysocket, target: direct}
	// That polysocket's second row is last is what ratios count on.
	peers = []*peer{direct, polysocket, {name: "sockjs", open: openSockJS}, {name: "stream", open: openStream, target: direct}}
	ctx, cancel := context.WithCancel(ctx)
	var running []*exec.Cmd
	stop = func() {
		cancel()
		for _, c := range running {
			_ = c.Wait() // killed
		}
	}
	for _, p := range peers {
		c, err := p.start(ctx)
		if err != nil {
			stop()
			return nil, nil, fmt.Errorf("%s: %w", p.name, err)
		}
		running = append(running, c)
	}
	return peers, stop, nil
}

func (p *peer) start(ctx context.Context) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := exec.CommandContext(ctx, self, "-serve", p.name)
	c.Stderr = os.Stderr
	if p.ask, err = c.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	p.answer = bufio.NewScanner(out)
	p.addr, err = p.line()
	return c, err
}

func (p *peer) line() (string, error) {
	if !p.answer.Scan() {
		return "", errors.New("it has ended")
	}
	return p.answer.Text(), p.answer.Err()
}

// use asks what the server uses: its CPU time, and where collected its memory.
func (p *peer) use(collected bool) (u usage, err error) {
	what := "cpu\n"
	if collected {
		what = "collected\n"
	}
	if _, err := io.WriteString(p.ask, what); err != nil {
		return u, err
	}
	line, err := p.line()
	if err != nil {
		return u, fmt.Errorf("%s: %w", p.name, err)
	}
	return u, json.Unmarshal([]byte(line), &u)
}

// A web is one keep-alive connection of HTTP/1.1: the least that a client can do.
type web struct {
	net.Conn
	r *bufio.Reader
}

func dialWeb(ctx context.Context, addr string) (*web, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := c.SetDeadline(deadline); err != nil {
			return nil, err
		}
	}
	return &web{c, bufio.NewReader(c)}, nil
}

// do sends a request and reads its answer.
func (w *web) do(method, path, body string) (status int, answer string, err error) {
	if err := w.send(method, path, body); err != nil {
		return 0, "", err
	}
	return w.receive()
}

func (w *web) send(method, path, body string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, w.RemoteAddr())
	if method == "POST" {
		fmt.Fprintf(&b, "Content-Type: text/plain\r\nContent-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.WriteString(body)
	_, err := io.WriteString(w, b.String())
	return err
}

func (w *web) receive() (status int, body string, err error) {
	answer, err := http.ReadResponse(w.r, nil)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(read), err
}

// silent tells whether the connection is there, and nothing has come by it.
func (w *web) silent() error {
	if err := w.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		return err
	}
	switch _, err := w.r.Peek(1); {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil
	case err != nil:
		return err
	}
	return errors.New("a read that was to wait was answered")
}
