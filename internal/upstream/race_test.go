package upstream

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Attempts follow one another, RFC 8305 §5, in virtual time.
func TestRace(t *testing.T) {
	const never = time.Hour
	no, other := errors.New("no"), errors.New("other")
	type result struct {
		after time.Duration
		err   error
	}
	for _, test := range []struct {
		name    string
		results []result // of each endpoint
		began   []time.Duration
		won     int // or -1
		err     error
		took    time.Duration
	}{
		{"the first at once", []result{{0, nil}, {0, nil}}, []time.Duration{0}, 0, nil, 0},
		{"the first in time", []result{{200 * time.Millisecond, nil}, {0, nil}}, []time.Duration{0}, 0, nil, 200 * time.Millisecond},
		{"the first is slow", []result{{never, nil}, {time.Second, nil}}, []time.Duration{0, attemptDelay}, 1, nil, attemptDelay + time.Second},
		{"the first comes after the second began", []result{{time.Second, nil}, {never, nil}}, []time.Duration{0, attemptDelay}, 0, nil, time.Second},
		{"the first fails", []result{{time.Millisecond, no}, {0, nil}}, []time.Duration{0, time.Millisecond}, 1, nil, time.Millisecond},
		{"all fail", []result{{0, no}, {0, other}}, []time.Duration{0, 0}, -1, no, 0},
		{"all fail slowly", []result{{time.Second, other}, {time.Minute, no}}, []time.Duration{0, attemptDelay}, -1, other, attemptDelay + time.Minute},
		{"a guard says no", []result{{time.Second, other}, {0, errDenied}, {0, nil}}, []time.Duration{0, attemptDelay}, -1, errDenied, attemptDelay},
		{"the end comes first", []result{{never, nil}}, []time.Duration{0}, -1, context.DeadlineExceeded, 10 * time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
				defer cancel()
				start := time.Now()
				var (
					mu    sync.Mutex // guards began
					to    []netip.AddrPort
					began []time.Duration
					near  = make([]net.Conn, len(test.results))
					far   = make([]net.Conn, len(test.results))
				)
				for i := range test.results {
					near[i], far[i] = net.Pipe()
					to = append(to, netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(i)))
				}
				conn, err := race(ctx, to, func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
					r := test.results[to.Port()]
					mu.Lock()
					began = append(began, time.Since(start))
					mu.Unlock()
					time.Sleep(r.after) // virtual, and ctx is not looked at: the worst there is
					if r.err != nil {
						return nil, r.err
					}
					return near[to.Port()], nil
				})
				if took := time.Since(start); took != test.took || !errors.Is(err, test.err) {
					t.Errorf("%v after %v, want %v after %v", err, took, test.err, test.took)
				}
				time.Sleep(2 * never) // virtual
				mu.Lock()
				defer mu.Unlock()
				if !slices.Equal(began, test.began) {
					t.Errorf("attempts began after %v, want %v", began, test.began)
				}
				// Of those that came to a connection, all but the winner are closed.
				for i, r := range test.results {
					if i >= len(began) || r.err != nil {
						continue
					}
					if i == test.won {
						if conn != near[i] {
							t.Error("another has won")
						}
						continue
					}
					if _, err := near[i].Write([]byte{0}); !errors.Is(err, net.ErrClosed) && err.Error() != "io: read/write on closed pipe" {
						t.Errorf("attempt %d is open: %v", i, err)
					}
				}
				for i := range far {
					near[i].Close()
					far[i].Close()
				}
			})
		})
	}
}
