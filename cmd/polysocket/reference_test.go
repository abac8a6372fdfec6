package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polysocket/polysocket/internal/config"
)

func reference(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The table of docs/configuration.md has a row for each key, and says of it what
// the program does.
func TestReference(t *testing.T) {
	code := func(s string) string {
		if s == "" {
			return ""
		}
		return "`" + s + "`"
	}
	var got, want [][]string
	for line := range strings.Lines(reference(t)) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 6 {
			t.Fatalf("a row has %d cells: %s", len(cells), line)
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if cells[1] == "" {
			t.Errorf("%s has no meaning", cells[0])
		}
		if !strings.HasPrefix(cells[2], "`") {
			cells[2] = "" // words, for what is no value
		}
		got = append(got, append(cells[:1:1], cells[2:]...))
	}
	for _, k := range config.Keys() {
		reload := "restart"
		if k.Reload {
			reload = "swapped"
		}
		otherwise := code(k.Default)
		if k.Keyed != "" {
			otherwise = code(k.Keyed) + " with `keys`"
		}
		want = append(want, []string{code(k.Path), otherwise, code(k.Flag), code(k.Env()), reload})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/configuration.md (-program +docs)\n%s", diff)
	}
}

// The example of the reference is good, and sets what it shows.
func TestReferenceExample(t *testing.T) {
	_, rest, _ := strings.Cut(reference(t), "```yaml\n")
	example, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("there is no example")
	}
	t.Setenv("POLYSOCKET_SECRET", "0123456789abcdef0123456789abcdef")
	t.Setenv("ACME_SECRET", "a secret of acme's, 32 bytes at least")
	s, err := sources("", nil, "")
	if err != nil {
		t.Fatal(err)
	}
	s.File, s.Data = "docs/configuration.md", []byte(example)
	c, err := config.Read(s)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Keys) != 1 || c.Keys[0].ID != "acme" {
		t.Errorf("%d keys", len(c.Keys))
	}
	if c.Relay.Host != "tom.example.com" || !c.Relay.Wildcard || c.Relay.Capacity != 20000 || c.Router.Listen != "0.0.0.0:8080" {
		t.Errorf("%+v %+v", c.Relay, c.Router)
	}
	t.Setenv("POLYSOCKET_SECRET", "")
	if _, err := config.Read(s); err == nil || !strings.Contains(err.Error(), "docs/configuration.md:2: cluster_secret: the environment variable POLYSOCKET_SECRET is not set") {
		t.Error(err)
	}
}
