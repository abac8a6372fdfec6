package conformance

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// stream is a response that is read as it comes: of /x, of /e, or of /m with stream=1.
type stream struct {
	t      *T
	ask    *ask
	format format
	began  time.Time
	header http.Header
	body   io.ReadCloser
	cancel context.CancelFunc
	gone   chan struct{} // closed: nothing more is read; nil before anything is

	mu   sync.Mutex
	came []byte        // read, and not taken
	err  error         // how it ended
	more chan struct{} // has room for one: one of those has changed

	inbox []item           // taken, and not asked for
	next  map[string]int64 // the number of each socket's next message, where it is known
	want  int64            // the number of the next message, whosesoever; 0: any
	count int64            // of a stream of frames: the number of the next
}

// item is a message of a stream, or a heartbeat.
type item struct {
	socket string
	seq    int64 // 0: it has none
	text   string
	raw    string // the bytes that say so, unless they are those of the item before
}

const heartbeat = "heartbeat"

// open begins a stream, and fails the test unless its first bytes come.
func (a *ask) open() *stream {
	a.t.Helper()
	st := a.unread().flow()
	if st.beat(); time.Since(st.began) > 12*time.Second {
		a.t.Errorf("stream.first: %v\n  got: the first bytes after %v, want them at once", a, time.Since(st.began))
	}
	return st
}

// unread begins a stream and reads its headers.
func (a *ask) unread() *stream {
	a.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := a.build(ctx)
	if err != nil {
		a.t.Fatalf("%v: %v", a, err)
	}
	st := &stream{
		t: a.t, ask: a, format: a.format(), began: time.Now(), cancel: cancel,
		more: make(chan struct{}, 1), next: map[string]int64{},
	}
	timer := time.AfterFunc(patience, cancel)
	resp, err := a.t.rt.RoundTrip(req)
	if err != nil {
		cancel()
		a.t.Fatalf("%v\n  got: %v", a, err)
	}
	timer.Stop()
	st.header, st.body = resp.Header, resp.Body
	a.t.Cleanup(st.cut)
	st.check(resp)
	return st
}

// check holds the headers to the rules of every stream.
func (st *stream) check(resp *http.Response) {
	st.t.Helper()
	if resp.StatusCode != 200 {
		b, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		st.t.Fatalf("%v\n  got: %d %q\n  want: a stream", st, resp.StatusCode, b)
	}
	for name, want := range map[string]string{
		"Content-Type": st.format.ctype, "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no",
		"X-Content-Type-Options": "nosniff", "Content-Encoding": "", "Content-Length": "",
	} {
		if got := strings.Join(resp.Header.Values(name), "; "); got != want {
			st.t.Errorf("stream.headers: %v\n  %s: %q, want %q", st, name, got, want)
		}
	}
	if te := resp.TransferEncoding; len(te) > 0 && st.t.srv.HTTP == "1.0" {
		st.t.Errorf("any.http10: %v\n  Transfer-Encoding: %q", st, te)
	}
}

func (st *stream) String() string { return st.ask.String() }

// flow reads the body, in the background, for as long as it comes.
func (st *stream) flow() *stream {
	st.gone = make(chan struct{})
	go func() {
		defer close(st.gone)
		defer st.body.Close()
		b := make([]byte, 64<<10)
		for {
			n, err := st.body.Read(b)
			st.mu.Lock()
			st.came, st.err = append(st.came, b[:n]...), err
			st.mu.Unlock()
			select {
			case st.more <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	return st
}

// cut breaks the stream off.
func (st *stream) cut() {
	st.cancel()
	if st.gone == nil {
		st.body.Close()
		return
	}
	<-st.gone
}

// sort takes what has come whole, and returns how the stream ended, nil where it has not.
func (st *stream) sort() error {
	st.t.Helper()
	st.mu.Lock()
	defer st.mu.Unlock()
	for {
		n := st.format.cut(st.came)
		if n == 0 {
			return st.err
		}
		items, err := st.format.read(st, string(st.came[:n]))
		if err != nil {
			st.t.Fatalf("%s: %v\n  got: %q: %v", st.format.rule, st, clip(string(st.came[:n])), err)
		}
		if len(items) > 0 {
			items[0].raw = string(st.came[:n])
		}
		st.inbox = append(st.inbox, items...)
		st.came = st.came[n:]
	}
}

// until waits for a condition of what has come, for at most d, and returns false where it is not met.
func (st *stream) until(d time.Duration, met func() bool) bool {
	st.t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		ended := st.sort() != nil
		if met() {
			return true
		}
		if ended {
			return false
		}
		select {
		case <-st.more:
		case <-timer.C:
			return false
		}
	}
}
