package test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each promise of docs/security.md names a test that there is, or a rule of the
// conformance suite.
func TestSecurityNamesTests(t *testing.T) {
	page, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	protocol, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	defined := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z]\w*)\(`)
	there := make(map[string]bool)
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".."):
			return filepath.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		source, err := os.ReadFile(path)
		for _, match := range defined.FindAllSubmatch(source, -1) {
			there[string(match[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w*|(?:any|create|who|jsonp|bound|down)\\.[a-z0-9-]+)`")
	names := named.FindAllSubmatch(page, -1)
	for _, match := range names {
		switch name := string(match[1]); {
		case there[name]:
		case strings.Contains(name, ".") && strings.Contains(string(protocol), "`"+name+"`"):
		default:
			t.Errorf("docs/security.md names %s, and there is no such test or rule", name)
		}
	}
	if len(names) < 80 {
		t.Errorf("it names %d tests and rules: are they read?", len(names))
	}
	// Every row of a table of promises has one, or says what else was done.
	promises, _, _ := strings.Cut(string(page), "## Not promised")
	_, promises, _ = strings.Cut(promises, "## A caller")
	for line := range strings.Lines(promises) {
		if strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "| promise ") && !strings.HasPrefix(line, "|---") && !named.MatchString(line) {
			t.Errorf("a promise without a test: %.100s", line)
		}
	}
}
