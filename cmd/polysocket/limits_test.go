package main

import (
	"strings"
	"testing"
	"time"
)

func TestSize(t *testing.T) {
	for text, want := range map[string]size{
		"1": 1, "65536": 65536, "64KiB": 64 << 10, "16MiB": 16 << 20, "1GiB": 1 << 30, "1.5MiB": 3 << 19, "10B": 10,
	} {
		var got size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "x", "1KB", "1 MiB", "2GiB", "1e99", "NaN", "Inf", "0.5", "MiB"} {
		var got size
		if err := got.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "16MiB") {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
}

func TestLimits(t *testing.T) {
	good := limits{Grace: time.Second, Hold: time.Second, TargetTimeout: time.Second, CloseTimeout: time.Second}
	if err := good.validate(); err != nil {
		t.Error(err)
	}
	bad := good
	bad.Hold = 0
	if err := bad.validate(); err == nil || !strings.Contains(err.Error(), "--hold") {
		t.Errorf("a hold of 0: %v", err)
	}
}
