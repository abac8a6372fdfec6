package chaos

import (
	"testing"
	"time"
)

// It stands still once, both ways, after the very byte.
func TestStall(t *testing.T) {
	virtually(t, Stall{After: 3, For: time.Minute}, func(t *testing.T, client, server Conn) {
		began := time.Now()
		stood := func(want time.Duration) {
			t.Helper()
			if got := time.Since(began); got != want {
				t.Errorf("it took %v, want %v", got, want)
			}
		}
		put(t, client, "up")
		piece(t, server)
		go func() { put(t, server, "12345") }()
		if got := piece(t, client); got != "123" {
			t.Errorf("got %q before it", got)
		}
		stood(0)
		go func() { put(t, client, "up") }()
		if got := piece(t, server); got != "up" {
			t.Errorf("got %q", got)
		}
		stood(time.Minute)
		if got := piece(t, client); got != "45" {
			t.Errorf("got %q after it", got)
		}
		put(t, server, "6")
		piece(t, client)
		stood(time.Minute)
	})
}
