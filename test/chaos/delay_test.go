package chaos

import (
	"testing"
	"time"
)

func TestDelay(t *testing.T) {
	virtually(t, Delay(20*time.Millisecond), func(t *testing.T, client, server Conn) {
		began := time.Now()
		for i := 1; i <= 3; i++ {
			put(t, client, "up")
			if got := piece(t, server); got != "up" {
				t.Errorf("got %q", got)
			}
			put(t, server, "down")
			if got := piece(t, client); got != "down" {
				t.Errorf("got %q", got)
			}
			if got, want := time.Since(began), time.Duration(i)*40*time.Millisecond; got != want {
				t.Errorf("it took %v, want %v", got, want)
			}
		}
	})
}
