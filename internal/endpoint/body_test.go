package endpoint_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polysocket/polysocket/internal/endpoint"
)

// piped serves one connection in virtual time: what h makes of the request that the
// client writes.
func piped(t *testing.T, h http.HandlerFunc, client func(c net.Conn)) {
	ours, theirs := net.Pipe()
	l := &once{conns: make(chan net.Conn, 1), done: make(chan struct{})}
	l.conns <- ours
	s := endpoint.NewServer(h)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = s.Serve(l)
	}()
	client(theirs)
	theirs.Close()
	_ = s.Close()
	<-served
	time.Sleep(time.Minute) // who still writes finds the pipe closed
}

// once is a listener with one connection.
type once struct {
	conns chan net.Conn
	done  chan struct{}
}

func (l *once) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}
func (l *once) Close() error   { close(l.done); return nil }
func (l *once) Addr() net.Addr { return &net.TCPAddr{} }

// A body has 10 s, and a second more for each KiB that has come.
func TestPace(t *testing.T) {
	for name, test := range map[string]struct {
		size   int           // of the body, of which a byte never comes
		every  time.Duration // between bytes
		idle   time.Duration // MayIdle
		until  time.Duration // Until
		ends   time.Duration // when the reading does
		whole  bool
		unread bool // by the handler, which returns at once
	}{
		"nothing comes":               {size: 100, ends: 10 * time.Second},
		"in drips":                    {size: 100, every: time.Second, ends: 10 * time.Second},
		"at a good pace":              {size: 20_000, every: time.Second / 2000, ends: 10 * time.Second, whole: true},
		"a batch may come in drips":   {size: 30, every: 20 * time.Second, idle: time.Minute, ends: 580 * time.Second, whole: true},
		"a batch that stops":          {size: 100, idle: time.Minute, ends: time.Minute},
		"until":                       {size: 100, every: time.Second, until: 5 * time.Second, ends: 5 * time.Second},
		"what nobody reads, and ends": {size: 100, unread: true, ends: 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				type outcome struct {
					n   int
					err error
					at  time.Duration
				}
				read := make(chan outcome, 1)
				piped(t, func(w http.ResponseWriter, r *http.Request) {
					b := endpoint.Paced(w, r)
					if endpoint.Paced(w, r) != b {
						t.Error("it has two paces")
					}
					counted := 0
					b.Count(func(n int) { counted += n })
					if test.idle > 0 {
						b.MayIdle(test.idle)
					}
					if test.until > 0 {
						b.Until(start.Add(test.until))
					}
					if test.unread {
						return
					}
					p, err := io.ReadAll(r.Body)
					if counted != len(p) {
						t.Errorf("%d bytes were counted of %d", counted, len(p))
					}
					read <- outcome{len(p), err, time.Since(start)}
				}, func(c net.Conn) {
					go func() {
						_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: "+strconv.Itoa(test.size)+"\r\n\r\n")
						sent := test.size
						if !test.whole {
							sent--
						}
						for range sent {
							if test.every == 0 {
								return
							}
							if _, err := c.Write([]byte{'x'}); err != nil {
								return
							}
							time.Sleep(test.every)
						}
					}()
					_, _ = io.Copy(io.Discard, bufio.NewReader(io.LimitReader(c, 1)))
					if test.unread {
						_, _ = io.Copy(io.Discard, c) // until the server hangs up
						if took := time.Since(start); took > 2*test.ends {
							t.Errorf("the connection was held for %v", took)
						}
					}
				})
				if test.unread {
					return
				}
				got := <-read
				if test.whole {
					if got.err != nil || got.n != test.size {
						t.Errorf("%d bytes came, %v", got.n, got.err)
					}
					return
				}
				if !errors.Is(got.err, os.ErrDeadlineExceeded) || got.at < test.ends || got.at > test.ends+time.Second {
					t.Errorf("it ended after %v with %v, want %v", got.at, got.err, test.ends)
				}
			})
		})
	}
}

// Interrupt ends a read that is under way, and those to come.
func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errs := make(chan error, 2)
		piped(t, func(w http.ResponseWriter, r *http.Request) {
			b := endpoint.Paced(w, r)
			time.AfterFunc(time.Second, b.Interrupt)
			for range 2 {
				_, err := io.ReadAll(r.Body)
				errs <- err
			}
		}, func(c net.Conn) {
			_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
			_, _ = io.ReadAll(c)
		})
		for range 2 {
			if err := <-errs; !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
		}
	})
}

func TestNoBodyHasNoPace(t *testing.T) {
	r, _ := http.NewRequest(http.MethodGet, "/", nil)
	b := endpoint.Paced(nil, r)
	if b != nil {
		t.Fatal("it has one")
	}
	b.MayIdle(time.Second)
	b.Until(time.Now())
	b.Count(nil)
	b.Interrupt()
}

// A client that takes nothing of an answer does not hold its handler.
func TestWithin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		took := make(chan time.Duration, 1)
		piped(t, func(w http.ResponseWriter, _ *http.Request) {
			endpoint.Within(w, 30*time.Second, func() { _, _ = w.Write(make([]byte, 1<<20)) })
			took <- time.Since(start)
		}, func(c net.Conn) {
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			time.Sleep(time.Minute)
		})
		if d := <-took; d != 30*time.Second {
			t.Errorf("it was held for %v", d)
		}
	})
}

// Who asks for the health of a server, and announces a body that never comes, holds no
// connection.
func TestHealthPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := endpoint.Health(func(context.Context) error { return nil }, http.NotFoundHandler())
		piped(t, h.ServeHTTP, func(c net.Conn) {
			start := time.Now()
			_, _ = io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
			if _, err := io.ReadAll(c); err != nil {
				t.Error(err)
			}
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("it was held for %v", d)
			}
		})
	})
}
