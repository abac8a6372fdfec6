package main

import (
	"math"
	"testing"
)

func TestCapacity(t *testing.T) {
	const gib = 1 << 30
	for _, test := range []struct {
		files, memory uint64
		want          int
	}{
		{1024, 64 * gib, 384},
		{65536, 64 * gib, 28608},
		{1 << 20, 4 * gib, 131072},
		{math.MaxUint64, 4 * gib, 131072},
		{math.MaxUint64, math.MaxUint64, math.MaxInt32},
		{1 << 20, 256 << 20, 8192},
		{100, 4 * gib, 1}, {0, 0, 1},
	} {
		if got := (machine{test.files, test.memory}).capacity(); got != test.want {
			t.Errorf("%d files, %d bytes: %d, want %d", test.files, test.memory, got, test.want)
		}
	}
	if got := (machine{0, 4 * gib}).budget(); got != gib {
		t.Errorf("of 4 GiB %d bytes may wait", got)
	}
	m := thisMachine()
	if m.files < 16 || m.memory < 16<<20 || m.memory == math.MaxUint64 {
		t.Errorf("this machine is %+v", m)
	}
}
