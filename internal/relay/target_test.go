package relay

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// A target is a WebSocket server that chooses the subprotocol b.
type target struct {
	url    string
	came   chan *http.Request        // the handshakes
	answer chan struct{}             // closed when they are to be answered
	ended  chan websocket.StatusCode // how connections ended; -1 without a Close
}

// newTarget makes a target that does not answer before answer is closed.
func newTarget(t *testing.T) *target {
	tg := &target{came: make(chan *http.Request, 100), answer: make(chan struct{}), ended: make(chan websocket.StatusCode, 100)}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tg.came <- r
		select {
		case <-tg.answer:
		case <-r.Context().Done():
			tg.ended <- -1
			return
		}
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"b"}, InsecureSkipVerify: true})
		if err != nil {
			tg.ended <- -1
			return
		}
		defer c.CloseNow() // a Read whose context has ended already does not close
		for err == nil {
			_, _, err = c.Read(t.Context())
		}
		tg.ended <- websocket.CloseStatus(err)
	}))
	t.Cleanup(s.Close)
	tg.url = "ws" + strings.TrimPrefix(s.URL, "http")
	return tg
}

// receive takes what must come.
func receive[T any](t *testing.T, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(patience):
		t.Fatal("it does not come")
	}
	return v
}
