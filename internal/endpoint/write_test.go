package endpoint_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/endpoint"
)

// A pacer is a ResponseWriter that notes the deadlines of what is written.
type pacer struct {
	*httptest.ResponseRecorder
	deadline time.Time
	largest  int
	undated  int // writes without a deadline
}

func (p *pacer) SetWriteDeadline(t time.Time) error {
	p.deadline = t
	return nil
}

func (p *pacer) Write(b []byte) (int, error) {
	if p.deadline.IsZero() {
		p.undated++
	}
	p.deadline = time.Time{} // each is for one write
	p.largest = max(p.largest, len(b))
	return p.ResponseRecorder.Write(b)
}

// A long answer over a slow link may take its time, as long as it moves.
func TestAnswerIsTimedByThePiece(t *testing.T) {
	p := &pacer{ResponseRecorder: httptest.NewRecorder()}
	field := append([]byte(`,"x":"`), bytes.Repeat([]byte("x"), 1<<20)...)
	endpoint.Answer{Callback: "f"}.OK(p, http.StatusOK, field, []byte(`"`))
	if p.undated > 0 || p.largest > 64<<10 || !p.deadline.IsZero() {
		t.Errorf("%d writes without a deadline, the largest of %d bytes, and then %v", p.undated, p.largest, p.deadline)
	}
	if got, want := p.Body.String(), `/**/f({"ok":true`+string(field)+`"});`; got != want {
		t.Errorf("%.40s…, %d bytes, want %d", got, len(got), len(want))
	}
}
