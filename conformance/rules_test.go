package conformance

import (
	"os"
	"regexp"
	"testing"
)

// TestRules holds the table to the page: each rule has a test, and each test a rule.
func TestRules(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	// A rule stands at the beginning of a table's row, two of a kind with a comma between, or of a bullet.
	row := regexp.MustCompile("(?m)^(?:\\| |\\* )((?:`[a-z]+\\.[a-z0-9_-]+`(?:, )?)+)(?: \\||:)")
	name := regexp.MustCompile("`([^`]+)`")
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		for _, n := range name.FindAllStringSubmatch(m[1], -1) {
			if named[n[1]] {
				t.Errorf("docs/protocol.md has two rules %s", n[1])
			}
			named[n[1]] = true
		}
	}
	if len(named) < 115 {
		t.Errorf("docs/protocol.md: %d rules were found, want 115 at least: has the page's form changed?", len(named))
	}
	tested, seen := map[string]bool{}, map[string]bool{}
	for _, r := range rules() {
		if !named[r.name] {
			t.Errorf("the table tests %s, which docs/protocol.md does not name", r.name)
		}
		if key := r.name + "/" + r.what; seen[key] {
			t.Errorf("the table has two tests %s", key)
		} else {
			seen[key] = true
		}
		tested[r.name] = true
	}
	for n := range named {
		if !tested[n] {
			t.Errorf("docs/protocol.md names %s, which has no test", n)
		}
	}
	t.Logf("%d rules, %d tests", len(named), len(rules()))
}
