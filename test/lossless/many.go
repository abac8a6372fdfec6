package lossless

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// many reads by /m, one answer.
func (in *inbox) many(ctx context.Context, query url.Values) error {
	r := request{path: "/m", query: query}
	a, err := in.conn.ask(ctx, r)
	if err != nil {
		return err
	}
	if a.status != http.StatusOK || len(a.Sockets) > 1 {
		return a.unexpected(r)
	}
	for _, p := range a.Sockets {
		if err := in.portion(p); err != nil {
			return err
		}
	}
	return nil
}

// manyStream reads by /m, a line an object.
func (in *inbox) manyStream(ctx context.Context, query url.Values) error {
	query.Set("stream", "1")
	return in.stream(ctx, request{path: "/m", query: query}, func(e *endless) error {
		line, err := e.line(false)
		if err != nil || strings.TrimSpace(line) == "" {
			return err
		}
		var p portion
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			return fmt.Errorf("%w: /m: %.100q: %w", errWrong, line, err)
		}
		if err := in.portion(p); err != nil {
			return fmt.Errorf("%w: %w", errWrong, err)
		}
		return nil
	})
}

func (in *inbox) portion(p portion) error {
	switch {
	case p.Socket != in.conn.id:
		return fmt.Errorf("/m: socket %q was not asked for", p.Socket)
	case p.Code == "no_socket" && in.over(), p.Code == "superseded":
		return nil
	case p.Code != "":
		return fmt.Errorf("/m: the socket has %s before its close", p.Code)
	case len(p.Messages) == 0:
		return fmt.Errorf("/m: an object without messages")
	}
	for _, e := range p.Messages {
		if e.Type == heartbeat {
			return fmt.Errorf("/m: a heartbeat among the messages")
		}
	}
	return in.takeAll(p.Seq, p.Messages)
}
