package lossless

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// A conn is one socket, and the way to it.
type conn struct {
	o     *Options
	id    string
	stats *counters

	stuck    *time.Timer // fires when nothing goes on
	lastLoss atomic.Value
}

// goesOn says that something does.
func (c *conn) goesOn() { c.stuck.Reset(c.o.Patience) }

// A request is one that the protocol has.
type request struct {
	path  string // with a slash at the end the socket is added
	query url.Values

	// Of a POST; without a type it is a GET.
	contentType string
	body        io.Reader
}

// errLost is for a request that has no answer, or not all of it: whatever it asked for may have happened.
var errLost = errors.New("lost")

// open sends a request, and returns the response with its body open.
func (c *conn) open(ctx context.Context, r request) (*http.Response, error) {
	path := r.path
	if strings.HasSuffix(path, "/") {
		path += c.id
	}
	method := http.MethodGet
	if r.contentType != "" {
		method = http.MethodPost
	}
	sent, err := http.NewRequestWithContext(ctx, method, c.o.Base+path+"?"+r.query.Encode(), r.body)
	if err != nil {
		return nil, err
	}
	if r.contentType != "" {
		sent.Header.Set("Content-Type", r.contentType)
	}
	c.stats.requests.Add(1)
	response, err := c.o.HTTP.Do(sent)
	if err != nil {
		return nil, c.lost(ctx, err)
	}
	return response, nil
}

// lost is a request that was lost, unless it was the client that gave it up.
func (c *conn) lost(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.stats.lost.Add(1)
	c.lastLoss.Store(err.Error())
	if c.o.Lost != nil {
		if over := c.o.Lost(ctx); over != nil {
			return over
		}
	}
	return fmt.Errorf("%w: %w", errLost, err)
}

// broken is a response that was complete and makes no sense. With a box on the way that joins HTTP/1.0 it may have been
// cut without a sign.
func (c *conn) broken(ctx context.Context, what string, err error) error {
	if !c.o.Strict {
		return c.lost(ctx, err)
	}
	return fmt.Errorf("%s: a complete response that makes no sense: %w", what, err)
}

// ask sends a request and reads the answer.
func (c *conn) ask(ctx context.Context, r request) (answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.o.Patience, fmt.Errorf("%s?%.200s has no answer", r.path, r.query.Encode()))
	defer cancel()
	response, err := c.open(ctx, r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	return c.read(ctx, r, response)
}

// read reads an answer.
func (c *conn) read(ctx context.Context, r request, response *http.Response) (answer, error) {
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, c.lost(ctx, err)
	}
	callback := r.query.Get("cb")
	if callback != "" && response.StatusCode >= 400 && !bytes.HasPrefix(body, []byte("/**/")) {
		callback = ""
	}
	a, err := parse(body, callback)
	a.status = response.StatusCode
	if a.Status != 0 {
		a.status = a.Status
	}
	switch {
	case err != nil && response.StatusCode >= 500: // of a box on the way
		return a, c.lost(ctx, fmt.Errorf("%s", response.Status))
	case err != nil:
		return a, c.broken(ctx, fmt.Sprintf("%s?%.200s: %s %.200q", r.path, r.query.Encode(), response.Status, body), err)
	}
	return a, nil
}

// unexpected is an answer that the protocol does not have here.
func (a answer) unexpected(r request) error {
	return fmt.Errorf("%s?%.200s is answered %d %s: %s", r.path, r.query.Encode(), a.status, a.Code, a.Error)
}

// pause waits before something is tried again.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
