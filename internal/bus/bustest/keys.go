package bustest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polysocket/polysocket/internal/bus"
)

// RunKeys runs the suite of what keeps keys.
func RunKeys(t *testing.T, s Setup) {
	run(t, s, []test{
		{"what is put is listed, and only what is not known is read", testListKeys},
		{"a record takes the place of the version that its writer knew", testPutKeyOver},
		{"of many who put over one version, one does", testPutKeyOnce},
		{"a deleted key stays known, until it is forgotten", testDeleteKey},
		{"a record may have 64 KiB, and no more", testKeySize},
		{"who watches is told", testWatchKeys},
	})
}

// RunTickets runs the suite of what keeps tickets.
func RunTickets(t *testing.T, s Setup) {
	run(t, s, []test{
		{"a ticket is taken once, however many try", testTicketOnce},
		{"a ticket lapses", testTicketLapse},
		{"tickets are apart, and none is taken that was not put", testTicketsApart},
	})
}

func put(t *testing.T, b Bus, r bus.KeyRecord, over uint64, want bool) {
	t.Helper()
	if got, err := b.PutKey(t.Context(), r, over); err != nil || got != want {
		t.Errorf("put %s %d over %d: %v, %v, want %v", r.ID, r.Version, over, got, err, want)
	}
}

func records(t *testing.T, b Bus, known map[string]uint64, wantIDs []string, want ...bus.KeyRecord) {
	t.Helper()
	ids, changed, err := b.ListKeys(t.Context(), known)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ids)
	slices.SortFunc(changed, func(a, b bus.KeyRecord) int { return strings.Compare(a.ID, b.ID) })
	if d := cmp.Diff(wantIDs, ids); d != "" {
		t.Errorf("ids: %s", d)
	}
	if d := cmp.Diff(want, changed); d != "" {
		t.Errorf("records: %s", d)
	}
}

func testListKeys(t *testing.T, b Bus, _ func(*testing.T)) {
	records(t, b, nil, nil)
	one, two := bus.KeyRecord{ID: "a", Version: 7, Data: []byte("the first \x00 of all")}, bus.KeyRecord{ID: "b", Version: 1 << 60, Data: []byte("x")}
	put(t, b, one, 0, true)
	put(t, b, two, 0, true)
	both := []string{"a", "b"}
	records(t, b, nil, both, one, two)
	records(t, b, map[string]uint64{"a": 7}, both, two)
	records(t, b, map[string]uint64{"a": 8, "b": 1 << 60, "c": 1}, both, one)
}

func testPutKeyOver(t *testing.T, b Bus, _ func(*testing.T)) {
	put(t, b, bus.KeyRecord{ID: "a", Version: 7, Data: []byte("1")}, 1, false)
	put(t, b, bus.KeyRecord{ID: "a", Version: 7, Data: []byte("1")}, 0, true)
	put(t, b, bus.KeyRecord{ID: "a", Version: 8, Data: []byte("2")}, 0, false)
	put(t, b, bus.KeyRecord{ID: "a", Version: 8, Data: []byte("2")}, 7, true)
	records(t, b, nil, []string{"a"}, bus.KeyRecord{ID: "a", Version: 8, Data: []byte("2")})
}

func testPutKeyOnce(t *testing.T, b Bus, _ func(*testing.T)) {
	var done atomic.Int64
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			ok, err := b.PutKey(t.Context(), bus.KeyRecord{ID: "a", Version: uint64(i + 1), Data: []byte("x")}, 0)
			if err != nil {
				t.Error(err)
			}
			if ok {
				done.Add(1)
			}
		})
	}
	wg.Wait()
	if done.Load() != 1 {
		t.Errorf("%d were put over nothing", done.Load())
	}
}

func testDeleteKey(t *testing.T, b Bus, _ func(*testing.T)) {
	put(t, b, bus.KeyRecord{ID: "a", Version: 7, Data: []byte("1")}, 0, true)
	put(t, b, bus.KeyRecord{ID: "a", Version: 8}, 7, true)
	records(t, b, nil, []string{"a"}, bus.KeyRecord{ID: "a", Version: 8})
	put(t, b, bus.KeyRecord{ID: "a", Version: 7, Data: []byte("1")}, 0, false)
	forget := func(version uint64, want bool) {
		t.Helper()
		if ok, err := b.ForgetKey(t.Context(), "a", version); err != nil || ok != want {
			t.Errorf("forget version %d: %v, %v, want %v", version, ok, err, want)
		}
	}
	forget(7, false)
	records(t, b, nil, []string{"a"}, bus.KeyRecord{ID: "a", Version: 8})
	forget(8, true)
	records(t, b, nil, nil)
}

func testKeySize(t *testing.T, b Bus, _ func(*testing.T)) {
	most := bus.KeyRecord{ID: "a", Version: 1, Data: []byte(strings.Repeat("x", bus.MaxKeyRecord))}
	put(t, b, most, 0, true)
	records(t, b, nil, []string{"a"}, most)
	most.Data = append(most.Data, 'x')
	if ok, err := b.PutKey(t.Context(), most, 1); err == nil || ok {
		t.Errorf("one byte more: %v, %v", ok, err)
	}
}

func testWatchKeys(t *testing.T, b Bus, _ func(*testing.T)) {
	ctx, stop := context.WithCancel(t.Context())
	told := make(chan struct{}, 1)
	over := make(chan struct{})
	go func() {
		defer close(over)
		b.WatchKeys(ctx, func() {
			select {
			case told <- struct{}{}:
			default:
			}
		})
	}()
	version := uint64(0)
	eventually(t, func() string { // watching begins a moment later
		put(t, b, bus.KeyRecord{ID: "a", Version: version + 1, Data: []byte("x")}, version, true)
		version++
		select {
		case <-told:
			return ""
		case <-time.After(100 * time.Millisecond):
			return "who watches is not told"
		}
	})
	stop()
	<-over
}

func testTicketOnce(t *testing.T, b Bus, _ func(*testing.T)) {
	data := []byte("the first \x00 of all")
	if err := b.PutTicket(t.Context(), "hash", data, bus.TicketTTL); err != nil {
		t.Fatal(err)
	}
	var taken atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			got, err := b.TakeTicket(t.Context(), "hash")
			switch {
			case err != nil:
				t.Error(err)
			case got != nil:
				taken.Add(1)
				if string(got) != string(data) {
					t.Errorf("%q", got)
				}
			}
		})
	}
	wg.Wait()
	if taken.Load() != 1 {
		t.Errorf("it was taken %d times", taken.Load())
	}
}

func testTicketLapse(t *testing.T, b Bus, lapse func(*testing.T)) {
	if err := b.PutTicket(t.Context(), "hash", []byte("x"), bus.TicketTTL); err != nil {
		t.Fatal(err)
	}
	lapse(t)
	if got, err := b.TakeTicket(t.Context(), "hash"); err != nil || got != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func testTicketsApart(t *testing.T, b Bus, _ func(*testing.T)) {
	for _, hash := range []string{"a", "b"} {
		if err := b.PutTicket(t.Context(), hash, []byte("of "+hash), bus.TicketTTL); err != nil {
			t.Fatal(err)
		}
	}
	for _, hash := range []string{"b", "c", "a"} {
		got, err := b.TakeTicket(t.Context(), hash)
		if err != nil || hash != "c" && string(got) != "of "+hash || hash == "c" && got != nil {
			t.Errorf("%s: %q, %v", hash, got, err)
		}
	}
}
