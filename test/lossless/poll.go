package lossless

import (
	"context"
	"net/http"
	"net/url"
)

// poll reads by /j.
func (in *inbox) poll(ctx context.Context, query url.Values) error {
	r := request{path: "/j/", query: query}
	a, err := in.conn.ask(ctx, r)
	if err != nil {
		return err
	}
	if a.status != http.StatusOK || a.Seq == nil {
		return in.refused(r, a)
	}
	return in.takeAll(*a.Seq, a.Messages)
}

// refused is an answer that is none to a read. After the close, which another read has brought and a request has
// acknowledged, there is no socket.
func (in *inbox) refused(r request, a answer) error {
	if a.status == http.StatusForbidden && a.Code == "no_socket" && in.over() {
		return nil
	}
	return a.unexpected(r)
}

// takeAll takes messages as /j has them.
func (in *inbox) takeAll(seq uint64, messages []encoded) error {
	for _, e := range messages {
		if e.Type == heartbeat {
			continue
		}
		m, err := e.message()
		if err != nil {
			return err
		}
		if err := in.take(seq, m); err != nil {
			return err
		}
		seq++
	}
	return nil
}
