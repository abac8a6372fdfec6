package session

import (
	"runtime"
	"testing"

	"github.com/polysocket/polysocket/internal/budget"
	"github.com/polysocket/polysocket/internal/wire"
)

// A nullUpstream takes all.
type nullUpstream struct{}

func (nullUpstream) Send(wire.Kind, []byte, bool) (bool, error) { return false, nil }
func (nullUpstream) Close(wire.CloseCode, []byte) (bool, error) { return false, nil }
func (nullUpstream) Pause()                                     {}
func (nullUpstream) Resume()                                    {}

// A nullSink is a poll that takes all.
type nullSink struct{ next uint64 }

func (k *nullSink) Deliver(_ string, _ uint64, frames []wire.Frame) (int, Outcome) {
	return len(frames), Done
}
func (k *nullSink) Detached(_ string, next uint64, _ Why) { k.next = next }

// One message of 100 bytes each way: a numbered send with its answer, and a
// message of the target's read by a poll that acknowledges the one before.
func BenchmarkRoundTrip(b *testing.B) { roundTrip(b, nil) }

// The same where a relay counts what waits.
func BenchmarkRoundTripCharged(b *testing.B) {
	var all budget.Budget
	all.SetLimit(1 << 30)
	account, leave := all.Open(func() {})
	defer leave()
	roundTrip(b, account)
}

func roundTrip(b *testing.B, account *budget.Account) {
	config := Config{}.WithDefaults()
	s := New("id", nullUpstream{}, &config, func() {})
	s.Charge(account)
	defer s.Drop()
	frames := []wire.Frame{{Kind: wire.Binary, Data: make([]byte, 100)}}
	done := func(r Result) {
		if r.Err != nil {
			b.Error(r.Err)
		}
		s.Leave()
	}
	k := &nullSink{next: 1}
	b.ReportAllocs()
	n := uint64(0)
	for b.Loop() {
		n++
		s.Enter()
		s.Accept(Send{N: n, Frames: frames, Whole: true}, done)
		s.OnMessage(frames[0])
		s.Enter()
		if _, err := s.Attach(k, Ack{k.next - 1, true}); err != nil {
			b.Fatal(err)
		}
		s.Leave()
	}
}

func BenchmarkAccept(b *testing.B) {
	config := Config{}.WithDefaults()
	s := New("id", nullUpstream{}, &config, func() {})
	defer s.Drop()
	frames := []wire.Frame{{Kind: wire.Binary, Data: make([]byte, 100)}}
	done := func(Result) {}
	b.ReportAllocs()
	n := uint64(0)
	for b.Loop() {
		n++
		s.Accept(Send{N: n, Frames: frames, Whole: true}, done)
	}
}

func BenchmarkDeliver(b *testing.B) {
	config := Config{}.WithDefaults()
	s := New("id", nullUpstream{}, &config, func() {})
	defer s.Drop()
	f := wire.Frame{Kind: wire.Binary, Data: make([]byte, 100)}
	k := &nullSink{next: 1}
	b.ReportAllocs()
	for b.Loop() {
		s.OnMessage(f)
		if _, err := s.Attach(k, Ack{k.next - 1, true}); err != nil {
			b.Fatal(err)
		}
	}
}

// What an idle socket costs on the heap, one that nobody has asked for and one
// that has been used.
func BenchmarkIdle(b *testing.B) {
	for name, use := range map[string]func(*Session){
		"new": func(*Session) {},
		"used": func(s *Session) {
			s.Enter()
			s.Accept(Send{N: 1, Frames: texts("up"), Whole: true}, func(Result) { s.Leave() })
			s.OnMessage(wire.Frame{Kind: wire.Text, Data: []byte("down")})
			k := &nullSink{}
			_, _ = s.Attach(k, given(0)) // an error would show in the next
			_, _ = s.Attach(k, given(1))
			s.Detach(k)
		},
	} {
		b.Run(name, func(b *testing.B) {
			const sessions = 10_000
			config := Config{}.WithDefaults()
			heap := int64(0) // the most: a round may also free what the one before left
			for b.Loop() {
				all := make([]*Session, sessions)
				before := live()
				for i := range all {
					all[i] = New("id", nullUpstream{}, &config, func() {})
					use(all[i])
				}
				heap = max(heap, live()-before)
				for _, s := range all {
					s.Drop()
				}
			}
			b.ReportMetric(float64(heap)/sessions, "B/session")
		})
	}
}

// live is what the heap holds.
func live() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
