package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// streaming is a socket of polysocket's that is read by a stream of frames, and
// written to as polling is.
type streaming struct {
	*polling
	body   io.Closer
	frames *bufio.Reader // of the body; nil before the stream has begun
}

func openStream(ctx context.Context, p *peer) (link, error) {
	l, err := openPolysocket(ctx, p)
	if err != nil {
		return nil, err
	}
	s := &streaming{polling: l.(*polling)}
	s.readBy = strings.Replace(s.readBy, "/j/", "/x/", 1)
	return s, nil
}

// begin begins to read, and waits for the first bytes: a ping of 6.
func (s *streaming) begin(ctx context.Context) (err error) {
	if s.down, err = dialWeb(ctx, s.addr); err != nil {
		return err
	}
	if err := s.down.send(s.readMethod, s.readBy, ""); err != nil {
		return err
	}
	answer, err := http.ReadResponse(s.down.r, nil) //nolint:bodyclose // close does, when its connection has gone
	if err != nil {
		return err
	}
	s.body, s.frames = answer.Body, bufio.NewReader(answer.Body)
	_, err = s.frames.Discard(6)
	return err
}

func (s *streaming) trip(ctx context.Context, message string) error {
	if s.frames == nil {
		if err := s.begin(ctx); err != nil {
			return err
		}
	}
	if status, body, err := s.up.do("POST", s.sendTo, message); err != nil || status >= 300 {
		return fmt.Errorf("send: %d %s %w", status, body, err)
	}
	frame := make([]byte, 2+len(message))
	if _, err := io.ReadFull(s.frames, frame); err != nil || string(frame[2:]) != message {
		return fmt.Errorf("read: %q %w", frame, err)
	}
	return nil
}

func (s *streaming) park(ctx context.Context) error {
	s.up.Close()
	s.parked = true
	return s.begin(ctx)
}

func (s *streaming) close() {
	s.polling.close()
	if s.body != nil {
		_ = s.body.Close() // its connection is gone
	}
}
