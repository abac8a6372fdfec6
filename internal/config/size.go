package config

import (
	"errors"
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
	n, err := parseBytes(string(text), math.MaxInt32)
	if err != nil {
		return fmt.Errorf("%s is not a size from 1 byte to less than 2 GiB: write 65536, 64KiB or 16MiB", quote(string(text)))
	}
	*s = n
	return nil
}

// parseBytes reads a whole number of bytes from 1 to most.
func parseBytes(number string, most float64) (Size, error) {
	unit := 1.0
	for _, u := range units {
		if rest, ok := strings.CutSuffix(number, u.suffix); ok {
			number, unit = rest, u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if n *= unit; err != nil || n < 1 || n > most || n != math.Trunc(n) {
		return 0, errSize
	}
	return Size(n), nil
}

var errSize = errors.New("not a size")

// String is the size in the largest unit of which it is a whole number.
func (s Size) String() string {
	for _, u := range units {
		if n := Size(u.bytes); n > 1 && s >= n && s%n == 0 {
			return strconv.Itoa(int(s/n)) + u.suffix
		}
	}
	return strconv.Itoa(int(s))
}
