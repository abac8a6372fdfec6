package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A size is a flag's number of bytes, written as 65536, 64KiB or 16MiB.
type size int

var units = []struct {
	suffix string
	bytes  float64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *size) UnmarshalText(text []byte) error {
	number, unit := string(text), 1.0
	for _, u := range units {
		if rest, ok := strings.CutSuffix(number, u.suffix); ok {
			number, unit = rest, u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if n *= unit; err != nil || n < 1 || n > math.MaxInt32 || n != math.Trunc(n) {
		return fmt.Errorf("%q is not a size from 1 byte to 2 GiB: write 65536, 64KiB or 16MiB", text)
	}
	*s = size(n)
	return nil
}
