package arch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLaw(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	files, err := readModule(root)
	if err != nil {
		t.Fatal(err)
	}
	l := law{rooms, testTools, uses}
	for _, broken := range l.check(files) {
		t.Error(broken)
	}
	for _, wide := range l.unused(files) {
		t.Error(wide)
	}
	for name, room := range rooms {
		if room.why == "" {
			t.Errorf("%s has no reason", name)
		}
	}
}

// The checker itself: houses with a fault each, and what it must say of them.
func TestCheck(t *testing.T) {
	l := law{
		rooms: map[string]room{
			"low":  {why: "it is the bottom"},
			"high": {imports: []string{"low", "example.com/allowed"}, tests: []string{"suite"}, why: "it stands on low"},
		},
		testTools: []string{"example.com/tool"},
		uses:      uses,
	}
	sound := map[string]string{
		"low/low.go":   "// Package low is low.\npackage low\n",
		"high/high.go": "// Package high is high.\npackage high\nimport (\n_ \"example.com/allowed\"\n_ \"" + module + "/low\"\n)\n",
	}
	for _, test := range []struct {
		name  string
		files map[string]string // besides or instead of the sound ones; empty: left out
		want  string            // in the only sentence; empty: there is none
	}{
		{"sound", nil, ""},
		{"another module inside", map[string]string{"bench/go.mod": "module x\n", "bench/x.go": "package main\nimport _ \"example.com/x\"\n"}, ""},
		{"what the build skips", map[string]string{"low/testdata/x.go": "package x\n", ".tools/x.go": "package x\n", "js/node_modules/x.go": "package x\n"}, ""},
		{
			"upwards", map[string]string{"low/up.go": "package low\nimport _ \"" + module + "/high\"\n"},
			"low/up.go:2:8: low may not import high: it is the bottom",
		},
		{
			"upwards on another system", map[string]string{"low/up_plan9.go": "//go:build never\n\npackage low\nimport _ \"" + module + "/high\"\n"},
			"low/up_plan9.go:4:8: low may not import high",
		},
		{
			"a foreign module", map[string]string{"high/x.go": "package high\nimport _ \"example.com/other\"\n"},
			"high/x.go:2:8: high may not import example.com/other: it stands on low",
		},
		{
			"below an allowed module", map[string]string{"high/x.go": "package high\nimport _ \"example.com/allowed/more\"\n"},
			"may not import example.com/allowed/more",
		},
		{
			"a tool of the tests", map[string]string{"low/x.go": "package low\nimport _ \"example.com/tool\"\n"},
			"low may not import example.com/tool",
		},
		{"a tool in a test", map[string]string{"low/x_test.go": "package low_test\nimport (\n_ \"example.com/tool\"\n_ \"" + module + "/low\"\n)\n"}, ""},
		{"a suite in a test", map[string]string{"high/x_test.go": "package high\nimport _ \"" + module + "/suite\"\n"}, ""},
		{
			"another's suite in a test", map[string]string{"low/x_test.go": "package low\nimport _ \"" + module + "/suite\"\n"},
			"low may not import suite",
		},
		{"a package without a row", map[string]string{"attic/x.go": "// Package attic is new.\npackage attic\n"}, "attic is a package that is not in the table"},
		{"a row without a package", map[string]string{"high/high.go": ""}, "high is in the table, and there is no such package"},
		{"no package comment", map[string]string{"low/low.go": "package low\n"}, "low has no package comment"},
		{"the environment", map[string]string{"low/x.go": "package low\nimport \"os\"\nvar x = os.Getenv(\"X\")\n"}, "low/x.go:3:9: low may not use os.Getenv: the environment"},
		{
			"the environment by another name", map[string]string{"low/x.go": "package low\nimport sys \"os\"\nvar x, _ = sys.LookupEnv(\"X\")\n"},
			"low may not use os.LookupEnv",
		},
		{"flags", map[string]string{"low/x.go": "package low\nimport \"flag\"\nvar x = flag.Bool(\"x\", false, \"\")\n"}, "low may not import flag: flags"},
		{"flags in a test", map[string]string{"low/x_test.go": "package low\nimport \"flag\"\nvar x = flag.Bool(\"x\", false, \"\")\n"}, "low may not import flag: flags"},
		{"flags in TestMain", map[string]string{"low/x_test.go": "package low\nimport \"flag\"\nfunc TestMain() { flag.Parse() }\n"}, ""},
		{"an end", map[string]string{"low/x.go": "package low\nimport \"os\"\nfunc x() { os.Exit(1) }\n"}, "low may not use os.Exit: nobody but cmd"},
		{"an end in TestMain", map[string]string{"low/x_test.go": "package low\nimport \"os\"\nfunc TestMain() { os.Exit(1) }\n"}, ""},
		{"a TestMain that is none", map[string]string{"low/x.go": "package low\nimport \"os\"\nfunc TestMain() { os.Exit(1) }\n"}, "low may not use os.Exit"},
		{"a fatal log", map[string]string{"low/x.go": "package low\nimport \"log\"\nfunc x() { log.Fatalf(\"x\") }\n"}, "low may not use log.Fatalf"},
		{"a dial", map[string]string{"low/x.go": "package low\nimport \"net\"\nvar d net.Dialer\n"}, "low may not use net.Dialer: upstream is the only one that dials"},
		{"HTTP where it is unknown", map[string]string{"low/x.go": "package low\nimport _ \"net/http\"\n"}, "low may not import net/http"},
		{"a test that sleeps", map[string]string{"low/x_test.go": "package low\nimport \"time\"\nfunc x() { time.Sleep(1) }\n"}, "low/x_test.go:3:12: a test that sleeps"},
		{"a test that sleeps in a bubble", map[string]string{"low/x_test.go": "package low\nimport (\n\"time\"\n_ \"testing/synctest\"\n)\nfunc x() { time.Sleep(1) }\n"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			for _, tree := range []map[string]string{sound, test.files} {
				for name, source := range tree {
					write(t, filepath.Join(root, filepath.FromSlash(name)), source)
				}
			}
			files, err := readModule(root)
			if err != nil {
				t.Fatal(err)
			}
			broken := l.check(files)
			switch {
			case test.want == "" && len(broken) > 0:
				t.Errorf("a sound house: %q", broken)
			case test.want != "" && (len(broken) != 1 || !strings.Contains(broken[0], test.want)):
				t.Errorf("got %q, want one with %q", broken, test.want)
			}
		})
	}
}

func TestUnused(t *testing.T) {
	l := law{rooms: map[string]room{"low": {imports: []string{"example.com/a", "example.com/b"}}}}
	root := t.TempDir()
	write(t, filepath.Join(root, "low", "low.go"), "package low\nimport _ \"example.com/a\"\n")
	write(t, filepath.Join(root, "low", "low_test.go"), "package low\nimport _ \"example.com/b\"\n")
	files, err := readModule(root)
	if err != nil {
		t.Fatal(err)
	}
	if wide := l.unused(files); len(wide) != 1 || !strings.Contains(wide[0], "low may import example.com/b") {
		t.Errorf("got %q", wide)
	}
}

// write makes a file with its directories; an empty one is removed.
func write(t *testing.T, name, source string) {
	t.Helper()
	if source == "" {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(source), 0o666); err != nil {
		t.Fatal(err)
	}
}
