package config

import (
	"fmt"
	"slices"
	"strings"
)

// A Fault is one thing that is wrong.
type Fault struct {
	Where string // "polysocket.yaml:12", "POLYSOCKET_RELAY_HOST", "--host"; empty: nowhere in particular
	Key   string // its path; empty where it is not about one
	What  string // what is wrong, and what would be right

	line int // orders those of the file
}

func (f Fault) String() string {
	var parts []string
	for _, part := range []string{f.Where, f.Key, f.What} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ": ")
}

// Faults is the error of a configuration: all that is wrong with it.
type Faults []Fault

func (f Faults) Error() string {
	if len(f) == 1 {
		return f[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d faults in the configuration:", len(f))
	for _, fault := range f {
		b.WriteString("\n  " + fault.String())
	}
	return b.String()
}

// sort puts those of the file into its order, before the others.
func (f Faults) sort() {
	slices.SortStableFunc(f, func(a, b Fault) int {
		switch {
		case a.line == b.line:
			return 0
		case a.line == 0:
			return 1
		case b.line == 0:
			return -1
		}
		return a.line - b.line
	})
}

// quote is what was written, cut where it is long.
func quote(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%q", text)
}
