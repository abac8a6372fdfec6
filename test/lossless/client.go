package lossless

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// Options are what a run needs. Everything is required but Socket, Lost and Strict.
type Options struct {
	Base   string // the URL of router and relay, without the slash at the end
	Target string
	Socket string       // one that is open already, at Base, in place of one that Run opens
	HTTP   *http.Client // without a Timeout
	Seed   uint64       // of everything that is drawn

	Up   []Up // what to send by, and what to read by: more than one, and it is drawn each time
	Down []Down

	// Next is the next message to send; the last one may be a close. It may wait. One goroutine calls it.
	Next func(ctx context.Context) (m Message, ok bool)

	// Arrived is told of each message with its number, in order. A number that comes again is told again. An error
	// ends the run. One call at a time.
	Arrived func(n uint64, m Message) error

	// Lost is told of each request that has no answer, and may wait before there is another. An error ends the run.
	// Many call it at once.
	Lost func(ctx context.Context) error

	// Strict says that nothing on the way makes a response look complete that was cut.
	Strict bool

	// Patience is for how long what must happen may take: an answer, a heartbeat, and that anything goes on at all.
	Patience time.Duration
}

// senders is how many requests send at the same time.
const senders = 3

// Run opens a socket, sends all messages and reads until the close has been read and acknowledged.
func Run(ctx context.Context, o Options) (Stats, error) {
	stats := new(counters)
	c := &conn{o: &o, stats: stats, id: o.Socket}
	if c.id == "" {
		if err := c.create(ctx); err != nil {
			return stats.stats(), err
		}
	}
	all, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	c.stuck = time.AfterFunc(o.Patience, func() { fail(fmt.Errorf("nothing goes on; what was lost last: %v", c.lastLoss.Load())) })
	defer c.stuck.Stop()
	up, endUp := context.WithCancel(all)
	box, in := newOutbox(c), newInbox(c)
	var sending, reading sync.WaitGroup
	start := func(group *sync.WaitGroup, ctx context.Context, f func(context.Context) error) {
		group.Go(func() {
			if err := f(ctx); err != nil && ctx.Err() == nil {
				fail(err)
			}
		})
	}
	start(&sending, up, box.fill)
	for i := range senders {
		start(&sending, up, func(ctx context.Context) error { return box.send(ctx, in, i) })
	}
	start(&sending, up, in.acknowledge)
	start(&reading, all, in.read)
	reading.Wait()
	endUp() // after the close there is nothing more to send
	sending.Wait()
	if all.Err() != nil {
		return stats.stats(), context.Cause(all)
	}
	return stats.stats(), nil
}

// create opens the socket. With a nonce it may ask as often as it must.
func (c *conn) create(ctx context.Context) error {
	query := url.Values{
		"from": {"lossless-v1"}, "target": {c.o.Target}, "nonce": {fmt.Sprintf("%032x", c.o.Seed) + strconv.FormatInt(time.Now().UnixNano(), 36)},
	}
	for {
		r := request{path: "/create", query: query}
		a, err := c.ask(ctx, r)
		switch {
		case errors.Is(err, errLost):
			continue
		case err != nil:
			return err
		case a.status != http.StatusOK || a.Socket == "":
			return a.unexpected(r)
		}
		c.id = a.Socket
		return nil
	}
}
