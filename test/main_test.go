package test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/polysocket/polysocket/test/process"
)

// patience is how long a test waits for what must happen.
const patience = process.Patience

// binary is the polysocket under test, built once.
var binary string

func TestMain(m *testing.M) {
	// Where Debian has its proxies, and not everybody looks.
	if err := os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin"); err != nil {
		panic(err)
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "test:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	if err := process.Needs("node", "websocketd", "curl", "sh", "nginx", "squid", "tinyproxy"); err != nil {
		return 0, err
	}
	if _, err := os.Stat("targets/node_modules/ws"); err != nil {
		return 0, errors.New("ws of npm is missing: test/install.sh installs it, and so does make test")
	}
	dir, err := os.MkdirTemp("", "polysocket-test-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if binary, err = process.Build(dir); err != nil {
		return 0, err
	}
	return m.Run(), nil
}
