package lossless

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// An Up is a way to send.
type Up int

// The ways to send.
const (
	Batch    Up = iota // t=f
	Streamed           // t=f, kept open
	Single             // a raw body, and parts
	Form               // a form
	Script             // GET with a callback, and parts
)

// longest is how much goes into one request, or 0. Boxes on the way take URLs of at most 8 KiB, and a byte may become
// three.
func (u Up) longest() int {
	if u == Script {
		return 2000
	}
	return 0
}

// parts tells whether messages may be cut into parts.
func (u Up) parts() bool { return u == Single || u == Form || u == Script }

// fits tells whether a unit can be sent so.
func (u Up) fits(x *unit) bool {
	if u.parts() {
		return u.longest() == 0 || len(x.Data) <= u.longest()
	}
	return !x.part
}

// batch draws how many units to send in a request, and how many bytes.
func (u Up) batch(r *rand.Rand) (units, bytes int) {
	if u.parts() {
		return 1, 0
	}
	return 1 + r.IntN(windowUnits), 1 << r.IntN(19)
}

// send sends what is in the outbox, one request after the other.
func (b *outbox) send(ctx context.Context, in *inbox, sender int) error {
	for i := uint64(0); ; i++ {
		// What is drawn for a request does not depend on what became of those before.
		r := rand.New(rand.NewPCG(b.conn.o.Seed, uint64(sender+100)<<40|i))
		up := b.conn.o.Up[r.IntN(len(b.conn.o.Up))]
		run, by, err := b.take(ctx, r, up)
		if err != nil {
			return err
		}
		query := url.Values{"n": {strconv.FormatUint(run[0].n, 10)}}
		if r.IntN(2) == 0 {
			query.Set("a", strconv.FormatUint(in.acknowledging(), 10))
		}
		var request request
		var a answer
		if by == Streamed {
			request, run, a, err = b.stream(ctx, r, query, run)
		} else {
			request = by.request(r, query, run)
			a, err = b.conn.ask(ctx, request)
		}
		n, err := b.judge(request, a, err)
		if b.landed(run, n) {
			return fmt.Errorf("%d is said to be passed on, and was not sent", n)
		}
		switch {
		case errors.Is(err, errEnded):
			return nil
		case errors.Is(err, errBusy):
			err = pause(ctx, 10*time.Millisecond)
		case errors.Is(err, errLost):
			err = nil
		}
		if err != nil {
			return err
		}
	}
}

var (
	errBusy  = errors.New("busy")
	errEnded = errors.New("ended")
)

// judge makes of an answer how far the relay has come.
func (b *outbox) judge(r request, a answer, err error) (n uint64, _ error) {
	switch {
	case err != nil:
		return 0, err
	case a.status == http.StatusCreated && *a.OK && a.N != nil:
		return *a.N, nil
	case a.status == http.StatusConflict && a.Code == "out_of_window", a.status == http.StatusServiceUnavailable && a.Code == "busy":
		return 0, errBusy
	case a.status == http.StatusForbidden && a.Code == "no_socket":
		return 0, errEnded // a client does not end on it: it goes on reading
	default:
		return 0, a.unexpected(r)
	}
}
