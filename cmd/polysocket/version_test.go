package main

import (
	"os"
	"strings"
	"testing"
)

// Server and browser client come from the same sources, and say so.
func TestVersion(t *testing.T) {
	source, err := os.ReadFile("../../js/src/version.ts")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(source), "version = '"+version+"'") {
		t.Errorf("the program is %s, and js/src/version.ts has\n%s", version, source)
	}
	if line := versionLine(); !strings.HasPrefix(line, "polysocket "+version+" ") {
		t.Error(line)
	}
}
