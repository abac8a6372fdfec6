package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/coder/websocket"
)

// direct is a WebSocket without anything between.
type direct struct{ c *websocket.Conn }

func openDirect(ctx context.Context, p *peer) (link, error) {
	c, _, err := websocket.Dial(ctx, "ws://"+p.addr, nil) //nolint:bodyclose // it is the connection
	if err != nil {
		return nil, err
	}
	return direct{c}, nil
}

func (d direct) trip(ctx context.Context, message string) error {
	if err := d.c.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
		return err
	}
	_, got, err := d.c.Read(ctx)
	if err == nil && string(got) != message {
		err = fmt.Errorf("got %q", got)
	}
	return err
}

func (d direct) rest(context.Context) error      { return nil }
func (d direct) park(context.Context) error      { return nil }
func (d direct) check(ctx context.Context) error { return d.trip(ctx, "still there?") }
func (d direct) close()                          { d.c.CloseNow() }

// polling is a socket by two keep-alive connections, one to send and one that
// always has a read parked, as a browser's client has: polysocket's, or that of
// SockJS.
type polling struct {
	addr           string
	up, down       *web
	sendTo, readBy string                // paths
	readMethod     string                // of a read
	encode, decode func(string) string   // of a message; of an answer with one
	alive          func(status int) bool // of a read that need not wait
	probe          string                // its path
	parked         bool
}

// stillOpen is what sockjs-go answers to a read that comes on the heels of the
// last one's answer: it has sent that, and not yet noticed. A client must not
// take it for the session's end.
const stillOpen = "c[2010,\"Another connection still open\"]\n"

// tooEarly counts them.
var tooEarly int

func openPolysocket(ctx context.Context, p *peer) (link, error) {
	l := &polling{addr: p.addr, readMethod: "GET", alive: func(status int) bool { return status == http.StatusOK }}
	if err := l.connect(ctx); err != nil {
		return nil, err
	}
	status, body, err := l.up.do("GET", "/create?from=bench&target="+url.QueryEscape("ws://"+p.target.addr), "")
	var created struct{ Socket string }
	if err != nil || status != http.StatusOK || json.Unmarshal([]byte(body), &created) != nil {
		return nil, fmt.Errorf("create: %d %s %w", status, body, err)
	}
	l.sendTo, l.readBy = "/s/"+created.Socket+"?t=t", "/j/"+created.Socket+"?ttl=60000"
	l.probe = "/j/" + created.Socket + "?ttl=0"
	l.encode = func(message string) string { return message }
	l.decode = func(answer string) string {
		answer, _ = strings.CutPrefix(answer, `{"ok":true,"messages":[{"type":"text","data":"`)
		answer, _ = strings.CutSuffix(answer, `"}]}`)
		return answer
	}
	return l, nil
}

func openSockJS(ctx context.Context, p *peer) (link, error) {
	l := &polling{addr: p.addr, readMethod: "POST", alive: func(status int) bool { return status < 300 }}
	if err := l.connect(ctx); err != nil {
		return nil, err
	}
	session := "/echo/000/" + rand.Text()
	l.sendTo, l.readBy, l.probe = session+"/xhr_send", session+"/xhr", session+"/xhr_send"
	l.encode = func(message string) string { return `["` + message + `"]` }
	l.decode = func(answer string) string {
		answer, _ = strings.CutPrefix(answer, `a["`)
		answer, _ = strings.CutSuffix(answer, "\"]\n")
		return answer
	}
	status, body, err := l.up.do("POST", l.readBy, "")
	if err != nil || status != http.StatusOK || body != "o\n" {
		return nil, fmt.Errorf("open: %d %q %w", status, body, err)
	}
	return l, nil
}

func (l *polling) connect(ctx context.Context) (err error) {
	l.up, err = dialWeb(ctx, l.addr)
	return err
}

func (l *polling) trip(ctx context.Context, message string) (err error) {
	if l.down == nil {
		if l.down, err = dialWeb(ctx, l.addr); err != nil {
			return err
		}
	}
	if err := l.down.send(l.readMethod, l.readBy, ""); err != nil {
		return err
	}
	if status, body, err := l.up.do("POST", l.sendTo, l.encode(message)); err != nil || status >= 300 {
		return fmt.Errorf("send: %d %s %w", status, body, err)
	}
	status, body, err := l.down.receive()
	for err == nil && body == stillOpen {
		tooEarly++
		status, body, err = l.down.do(l.readMethod, l.readBy, "")
	}
	if err == nil && (status != http.StatusOK || l.decode(body) != message) {
		err = fmt.Errorf("read: %d %q", status, body)
	}
	return err
}

// rest makes one request, without which a socket of polysocket ends early.
func (l *polling) rest(ctx context.Context) error {
	err := l.check(ctx)
	l.close()
	return err
}

func (l *polling) park(ctx context.Context) (err error) {
	l.up.Close()
	l.parked = true
	if l.down, err = dialWeb(ctx, l.addr); err != nil {
		return err
	}
	return l.down.send(l.readMethod, l.readBy, "")
}

func (l *polling) check(ctx context.Context) error {
	if l.parked {
		return l.down.silent()
	}
	w, err := dialWeb(ctx, l.addr)
	if err != nil {
		return err
	}
	defer w.Close()
	method, body := "GET", ""
	if l.probe == l.sendTo {
		method, body = "POST", l.encode("still there?")
	}
	status, answer, err := w.do(method, l.probe, body)
	if err == nil && !l.alive(status) {
		err = fmt.Errorf("the socket has gone: %d %s", status, answer)
	}
	return err
}

func (l *polling) close() {
	l.up.Close()
	if l.down != nil {
		l.down.Close()
	}
}
