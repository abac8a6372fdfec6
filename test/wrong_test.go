package test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/polysocket/polysocket/test/history"
	"github.com/polysocket/polysocket/test/lossless"
)

// A past in which something goes wrong, on purpose, is found to be wrong: the checks of TestChaos can fail.
func TestChaosFindsWhatIsWrong(t *testing.T) {
	server := dev(t)
	find := func(name, want string, wrong past) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wrong.seed, wrong.messages, wrong.carrier, wrong.base, wrong.transport, wrong.strict = 1, 60, carriers[0], server.base, &http.Transport{}, true
			_, err := wrong.outcome(t.Context())
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		})
	}
	for _, way := range []history.Way{history.Up, history.Down} {
		at := way.String() + ": in place of message "
		for name, wrong := range map[string]struct {
			alter func(m, before lossless.Message) []lossless.Message
			want  string
		}{
			"twice":   {func(m, _ lossless.Message) []lossless.Message { return []lossless.Message{m, m} }, at + "31 came message 30 again"},
			"dropped": {func(lossless.Message, lossless.Message) []lossless.Message { return nil }, at + "30 came message 31: one is missing"},
			"swapped": {func(m, before lossless.Message) []lossless.Message { return []lossless.Message{m, before} }, at + "29 came message 30: one is missing, or they are out of order"},
			"corrupted": {func(m, _ lossless.Message) []lossless.Message {
				m.Data = bytes.Clone(m.Data)
				m.Data[len(m.Data)/2] ^= 1
				return []lossless.Message{m}
			}, at + "30 came other bytes, from byte"},
			"another type": {func(m, _ lossless.Message) []lossless.Message {
				m.Kind = lossless.Text + lossless.Binary - m.Kind
				m.Data = bytes.ToValidUTF8(m.Data, nil)
				return []lossless.Message{m}
			}, at + "30 came"},
			"cut short": {func(m, _ lossless.Message) []lossless.Message {
				m.Data = m.Data[1:]
				return []lossless.Message{m}
			}, at + "30 came another"},
		} {
			find(way.String()+" "+name, wrong.want, past{alter: atMessage30(way, name == "swapped", wrong.alter)})
		}
	}
	find("up, the last one dropped", "up: message 60 is missing", past{alter: func(way history.Way, m []lossless.Message) []lossless.Message {
		if way == history.Up && bytes.Equal(m[0].Data, history.Plan{Seed: 1, Way: way}.Message(60).Data) {
			return nil
		}
		return m
	}})
	find("acknowledged too far", " comes after 0: ", past{between: func(next http.RoundTripper) http.RoundTripper { return &tooFar{next: next} }})
	find("acknowledged before it came", "is answered 400 bad_request", past{between: rewritten(func(a uint64) uint64 { return a + 1 })})
	find("never acknowledged", "after the close: ", past{between: rewritten(func(uint64) uint64 { return 0 })})
}

// atMessage30 alters message 30 of one way. With two it is given message 29 as well, in whose place there is nothing.
func atMessage30(way history.Way, two bool, alter func(m, before lossless.Message) []lossless.Message) func(history.Way, []lossless.Message) []lossless.Message {
	var mu sync.Mutex
	count := 0
	var before lossless.Message
	return func(w history.Way, m []lossless.Message) []lossless.Message {
		if w != way {
			return m
		}
		mu.Lock()
		defer mu.Unlock()
		count++
		switch {
		case count == 29 && two:
			before = m[0]
			return nil
		case count == 30:
			return alter(m[0], before)
		}
		return m
	}
}

// A between stands between a client and its connections.
type between func(r *http.Request) (*http.Response, error)

func (b between) RoundTrip(r *http.Request) (*http.Response, error) { return b(r) }

// rewritten gives every a another value.
func rewritten(a func(uint64) uint64) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return between(func(r *http.Request) (*http.Response, error) {
			query := r.URL.Query()
			n, err := strconv.ParseUint(query.Get("a"), 10, 64)
			if err != nil {
				return next.RoundTrip(r)
			}
			return next.RoundTrip(acknowledging(r, a(n)))
		})
	}
}

func acknowledging(r *http.Request, a uint64) *http.Request {
	r = r.Clone(r.Context())
	query := r.URL.Query()
	query.Set("a", strconv.FormatUint(a, 10))
	r.URL.RawQuery = query.Encode()
	return r
}

// tooFar loses the first messages, and acknowledges them all the same.
type tooFar struct {
	next http.RoundTripper

	lost atomic.Uint64
}

func (f *tooFar) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.URL.Path, "/j/") {
		return f.next.RoundTrip(r)
	}
	if lost := f.lost.Load(); lost > 0 {
		return f.next.RoundTrip(acknowledging(r, lost))
	}
	response, err := f.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, err
	}
	if len(a.Messages) > 0 && a.Messages[0].Type != "heartbeat" {
		f.lost.Store(uint64(a.Seq + len(a.Messages) - 1))
	}
	return nil, errors.New("the answer is lost")
}
