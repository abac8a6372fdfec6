package auth

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Rate is how often something may happen, as 50/s. The zero value is no limit.
type Rate struct {
	Count int           // how many
	Per   time.Duration // in which time
}

var units = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}

// ParseRate reads a rate, as 50/s, 100/m or 1000/h; 0 is no limit.
func ParseRate(s string) (Rate, error) {
	if s == "0" || s == "" {
		return Rate{}, nil
	}
	count, unit, _ := strings.Cut(s, "/")
	n, err := strconv.ParseUint(count, 10, 31)
	if err != nil || n == 0 || units[unit] == 0 {
		return Rate{}, fmt.Errorf("rate %q: write a whole number and a unit, as 50/s, 100/m or 1000/h; 0 for no limit", s)
	}
	return Rate{Count: int(n), Per: units[unit]}, nil
}

// Every is the time from one to the next where all are spread evenly; a microsecond
// at least.
func (r Rate) Every() time.Duration {
	return max(r.Per/time.Duration(max(r.Count, 1)), time.Microsecond)
}

// String is how ParseRate reads it.
func (r Rate) String() string {
	for unit, per := range units {
		if r.Count > 0 && r.Per == per {
			return strconv.Itoa(r.Count) + "/" + unit
		}
	}
	return "0"
}

// MarshalText implements encoding.TextMarshaler.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Rate) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRate(string(text))
	return err
}
