package main

import (
	"runtime"
	"runtime/debug"
)

// version is the program's, and the browser client's of the same sources
// (js/src/version.ts).
const version = "0.1.0"

// versionLine is what --version prints.
func versionLine() string {
	line := "polysocket " + version
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				line += " " + s.Value[:12]
			}
		}
	}
	return line + " " + runtime.Version()
}
