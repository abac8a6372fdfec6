package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// accept opens the WebSocket of a target of ours. It takes the first subprotocol
// offered, and any page: there is nothing here to protect.
func accept(w http.ResponseWriter, r *http.Request) (*websocket.Conn, error) {
	o := &websocket.AcceptOptions{InsecureSkipVerify: true}
	if first, _, _ := strings.Cut(r.Header.Get("Sec-WebSocket-Protocol"), ","); first != "" {
		o.Subprotocols = []string{strings.TrimSpace(first)}
	}
	return websocket.Accept(w, r, o)
}

// echo sends every message back, of at most limit bytes, until the client closes
// or ctx ends.
func echo(ctx context.Context, w http.ResponseWriter, r *http.Request, limit int64) {
	c, err := accept(w, r)
	if err != nil {
		return // Accept has answered
	}
	defer c.CloseNow()
	c.SetReadLimit(limit)
	for {
		kind, in, err := c.Reader(ctx)
		if err != nil {
			return
		}
		out, err := c.Writer(ctx, kind)
		if err != nil {
			return
		}
		if _, err := io.Copy(out, in); err != nil {
			return
		}
		if err := out.Close(); err != nil {
			return
		}
	}
}

// tellTime sends the time every second, whatever it is told, until the client
// closes or ctx ends.
func tellTime(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	c, err := accept(w, r)
	if err != nil {
		return // Accept has answered
	}
	defer c.CloseNow()
	c.SetReadLimit(-1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer cancel()
		for {
			_, in, err := c.Reader(ctx)
			if err != nil {
				return
			}
			if _, err := io.Copy(io.Discard, in); err != nil {
				return
			}
		}
	}()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for now := time.Now(); ; {
		if err := c.Write(ctx, websocket.MessageText, []byte(now.Format(time.RFC3339))); err != nil {
			return
		}
		select {
		case now = <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
