package config

import (
	"strings"
	"testing"
)

func TestSize(t *testing.T) {
	for text, want := range map[string]Size{
		"1": 1, "65536": 65536, "64KiB": 64 << 10, "16MiB": 16 << 20, "1GiB": 1 << 30, "1.5MiB": 3 << 19, "10B": 10,
	} {
		var got Size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
		var again Size
		if err := again.UnmarshalText([]byte(got.String())); err != nil || again != got {
			t.Errorf("%s is printed as %s", text, got)
		}
	}
	for _, text := range []string{"", "0", "-1", "x", "1KB", "1 MiB", "2GiB", "1e99", "NaN", "Inf", "0.5", "MiB"} {
		var got Size
		if err := got.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "16MiB") || !strings.Contains(err.Error(), "less than 2 GiB") {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for size, want := range map[Size]string{16 << 20: "16MiB", 256 << 10: "256KiB", 1 << 30: "1GiB", 1000: "1000", 3 << 19: "1536KiB"} {
		if got := size.String(); got != want {
			t.Errorf("%d: %s, want %s", size, got, want)
		}
	}
}
