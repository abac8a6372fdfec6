package chaos

import (
	"io"
	"testing"
)

func TestSlice(t *testing.T) {
	virtually(t, Slice(3), func(t *testing.T, client, server Conn) {
		for _, way := range [][2]Conn{{client, server}, {server, client}} {
			go func() { _, _ = io.WriteString(way[0], "1234567") }()
			for _, want := range []string{"123", "456", "7"} {
				if got := piece(t, way[1]); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			}
		}
	})
}
