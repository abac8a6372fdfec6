package lossless

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"sync"
)

// A Down is a way to read.
type Down int

// The ways to read.
const (
	Poll       Down = iota // /j
	ScriptPoll             // /j with a callback
	Frames                 // /x
	Events                 // /e
	Many                   // /m
	ScriptMany             // /m with a callback
	ManyStream             // /m with stream=1
)

// Endless tells whether its response is.
func (d Down) Endless() bool { return d == Frames || d == Events || d == ManyStream }

// A reading is what was drawn for one read.
type reading struct {
	by     Down
	ttl    int    // of a long-poll
	hb     int    // of a stream, 0 for none
	max    int    // KiB, 0 for none
	status bool   // status=200, with a callback
	life   uint64 // after so many messages another read takes its place; 0 is never
	hangUp bool   // then it is hung up, and else left to be superseded
}

func draw(r *rand.Rand, downs []Down) reading {
	d := reading{
		by: downs[r.IntN(len(downs))], ttl: r.IntN(2000), status: r.IntN(2) == 0, hangUp: r.IntN(3) == 0,
	}
	if r.IntN(2) == 0 {
		d.hb = 1000
	}
	if r.IntN(4) == 0 {
		d.max = 1 + r.IntN(64)
	}
	if life := uint64(1) << r.IntN(10); len(downs) > 1 || r.IntN(3) == 0 {
		d.life = life
	}
	return d
}

// read reads until the close is acknowledged. There is one read at a time, but for those that have been superseded and
// have not heard of it yet.
func (in *inbox) read(ctx context.Context) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var reads sync.WaitGroup
	r := rand.New(rand.NewPCG(in.conn.o.Seed, 2))
	before := reading{by: -1}
	for !in.over() && ctx.Err() == nil {
		d := draw(r, in.conn.o.Down)
		if d.by != before.by {
			in.conn.stats.changes.Add(1)
		}
		before = d
		in.conn.stats.reads.Add(1)
		in.one(ctx, &reads, d, fail)
	}
	if err := in.leave(ctx); err != nil {
		fail(err)
	}
	reads.Wait() // those that were superseded end by themselves
	return context.Cause(ctx)
}

// one begins a read, and returns when it has ended, or another is to take its place.
func (in *inbox) one(ctx context.Context, reads *sync.WaitGroup, d reading, fail context.CancelCauseFunc) {
	own, hangUp := context.WithCancel(ctx)
	reads.Go(func() {
		defer hangUp()
		if err := in.by(own, d); err != nil && !errors.Is(err, errLost) && !errors.Is(err, context.Canceled) {
			fail(err)
		}
	})
	enough := make(chan struct{})
	if d.life > 0 {
		reads.Go(func() {
			if in.more(own, d.life) {
				close(enough)
			}
		})
	}
	select {
	case <-own.Done():
	case <-enough:
		in.conn.stats.superseded.Add(1)
		if d.hangUp {
			hangUp()
		}
	}
}

func (in *inbox) over() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.closed
}

// leave acknowledges the close, after which there is no socket.
func (in *inbox) leave(ctx context.Context) error {
	r := request{path: "/j/", query: url.Values{"a": {strconv.FormatUint(in.acknowledging(), 10)}, "ttl": {"0"}}}
	for {
		a, err := in.conn.ask(ctx, r)
		switch {
		case errors.Is(err, errLost):
			continue
		case err != nil:
			return err
		case a.status == http.StatusForbidden && a.Code == "no_socket":
			return nil
		default:
			return fmt.Errorf("after the close: %w", a.unexpected(r))
		}
	}
}

// by reads by one request.
func (in *inbox) by(ctx context.Context, d reading) error {
	query := url.Values{}
	if d.max > 0 {
		query.Set("max", strconv.Itoa(d.max))
	}
	switch d.by {
	case Poll, ScriptPoll, Many, ScriptMany:
		query.Set("ttl", strconv.Itoa(d.ttl))
		if d.by == ScriptPoll || d.by == ScriptMany {
			query.Set("cb", "down.cb")
			if d.status {
				query.Set("status", "200")
			}
		}
	default:
		if d.hb > 0 {
			query.Set("hb", strconv.Itoa(d.hb))
		}
	}
	ack := strconv.FormatUint(in.acknowledging(), 10)
	switch d.by {
	case Many, ScriptMany, ManyStream:
		query.Set("s", in.conn.id+":"+ack)
	default:
		query.Set("a", ack)
	}
	switch d.by {
	case Poll, ScriptPoll:
		return in.poll(ctx, query)
	case Frames:
		return in.frames(ctx, query)
	case Events:
		return in.events(ctx, query)
	case ManyStream:
		return in.manyStream(ctx, query)
	default:
		return in.many(ctx, query)
	}
}
