package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// words are the faults by their words. Those with a value have an example of it.
var words = map[string]struct {
	example string
	fault   func(value string) (Fault, error)
}{
	"refuse-upgrade": {"", func(string) (Fault, error) { return RefuseUpgrade(403), nil }},
	"hang-upgrade":   {"", func(string) (Fault, error) { return HangUpgrade{}, nil }},
	"kill-upgraded":  {"300ms", duration(func(d time.Duration) Fault { return KillUpgraded(d) })},
	"hold":           {"", func(string) (Fault, error) { return Hold{}, nil }},
	"http10":         {"", func(string) (Fault, error) { return HTTP10{}, nil }},
	"delay":          {"20ms", duration(func(d time.Duration) Fault { return Delay(d) })},
	"stall":          {"5s", duration(func(d time.Duration) Fault { return Stall{After: 1000, For: d} })},
	"slice":          {"7", number(func(n int64) Fault { return Slice(n) })},
	"cut-up":         {"1000", number(func(n int64) Fault { return Cut{Up: n} })},
	"cut-down":       {"1000", number(func(n int64) Fault { return Cut{Down: n} })},
}

// Words lists the words that Parse knows, with an example where there is a value.
func Words() []string {
	var list []string
	for _, word := range slices.Sorted(maps.Keys(words)) {
		if example := words[word].example; example != "" {
			word += "=" + example
		}
		list = append(list, word)
	}
	return list
}

// Parse makes a fault of its word, as cut-down=1000.
func Parse(s string) (Fault, error) {
	word, value, has := strings.Cut(s, "=")
	known, ok := words[word]
	if !ok {
		return nil, fmt.Errorf("chaos: %q is no fault: they are %s", s, strings.Join(Words(), ", "))
	}
	if has != (known.example != "") {
		if has {
			return nil, fmt.Errorf("chaos: %q has a value, and %s takes none", s, word)
		}
		return nil, fmt.Errorf("chaos: %q has no value: write it as %s=%s", s, word, known.example)
	}
	fault, err := known.fault(value)
	if err != nil {
		return nil, fmt.Errorf("chaos: %q: write it as %s=%s", s, word, known.example)
	}
	return fault, nil
}

func duration(fault func(time.Duration) Fault) func(string) (Fault, error) {
	return func(value string) (Fault, error) {
		d, err := time.ParseDuration(value)
		if err == nil && d <= 0 {
			err = strconv.ErrRange
		}
		return fault(d), err
	}
}

func number(fault func(int64) Fault) func(string) (Fault, error) {
	return func(value string) (Fault, error) {
		n, err := strconv.ParseInt(value, 10, 32)
		if err == nil && n <= 0 {
			err = strconv.ErrRange
		}
		return fault(n), err
	}
}
