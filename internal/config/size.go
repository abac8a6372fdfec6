package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Size is a number of bytes, written as 65536, 64KiB or 16MiB.
type Size int

var units = []struct {
	suffix string
	bytes  float64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Size) UnmarshalText(text []byte) error {
	number, unit := string(text), 1.0
	for _, u := range units {
		if rest, ok := strings.CutSuffix(number, u.suffix); ok {
			number, unit = rest, u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if n *= unit; err != nil || n < 1 || n > math.MaxInt32 || n != math.Trunc(n) {
		return fmt.Errorf("%s is not a size from 1 byte to 2 GiB: write 65536, 64KiB or 16MiB", quote(string(text)))
	}
	*s = Size(n)
	return nil
}

// String is the size in the largest unit of which it is a whole number.
func (s Size) String() string {
	for _, u := range units {
		if n := Size(u.bytes); n > 1 && s >= n && s%n == 0 {
			return strconv.Itoa(int(s/n)) + u.suffix
		}
	}
	return strconv.Itoa(int(s))
}
