package wire_test

import (
	"net/http"
	"testing"

	"github.com/polysocket/polysocket/internal/wire"
)

func TestHopped(t *testing.T) {
	h := http.Header{}
	if wire.Hopped(h) {
		t.Error("an ordinary request is taken for a relay's")
	}
	for _, value := range []string{"1", "", "0"} {
		h := http.Header{}
		h.Set("polysocket-hop", value)
		if !wire.Hopped(h) {
			t.Errorf("%q: a relay's request is not known", value)
		}
	}
}
