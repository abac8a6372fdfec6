package chaos

import (
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for word, want := range map[string]Fault{
		"refuse-upgrade": RefuseUpgrade(403), "hang-upgrade": HangUpgrade{}, "kill-upgraded=300ms": KillUpgraded(300 * time.Millisecond),
		"hold": Hold{}, "http10": HTTP10{}, "delay=20ms": Delay(20 * time.Millisecond), "stall=5s": Stall{After: 1000, For: 5 * time.Second},
		"slice=7": Slice(7), "cut-up=1000": Cut{Up: 1000}, "cut-down=1000": Cut{Down: 1000},
	} {
		if got, err := Parse(word); got != want || err != nil {
			t.Errorf("%s is %#v %v", word, got, err)
		}
	}
	for _, word := range Words() {
		if _, err := Parse(word); err != nil {
			t.Error(err)
		}
	}
	for word, want := range map[string]string{
		"": "is no fault", "holt": "they are cut-down=1000, ", "hold=1": "takes none", "slice": "slice=7", "slice=0": "slice=7",
		"slice=x": "slice=7", "delay=-1s": "delay=20ms", "delay=3": "delay=20ms",
	} {
		if fault, err := Parse(word); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %v %v, want %q in the error", word, fault, err, want)
		}
	}
}
