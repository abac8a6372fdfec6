package cluster

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/polysocket/polysocket/test/lossless"
)

// A tally is what is counted in a case.
type tally struct {
	start time.Time

	mu       sync.Mutex
	sockets  int
	up, down int64 // messages
	closes   map[int]int
	creates  map[int]int // by status
	longest  time.Duration
}

func (t *tally) began() {
	t.start, t.closes, t.creates = time.Now(), make(map[int]int), make(map[int]int)
}

// created counts a router's answer.
func (t *tally) created(a answer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.creates[a.status]++
	if a.status == http.StatusServiceUnavailable {
		t.longest = max(t.longest, a.took)
	}
}

// opened is how many creates have been answered with a socket.
func (t *tally) opened() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.creates[http.StatusOK]
}

// ended counts a socket that had messages.
func (t *tally) ended(s lossless.Stats, code int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sockets++
	t.up += s.Sent
	t.down += s.Received
	t.closes[code]++
}

func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return fmt.Sprintf("%d sockets with %d messages up and %d down; closes %v; creates %v, the longest 503 after %v; %v in all",
		t.sockets, t.up, t.down, t.closes, t.creates, t.longest.Round(time.Millisecond), time.Since(t.start).Round(time.Millisecond))
}
