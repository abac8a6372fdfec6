package test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen. It is not a measure of
// anything: the machine may be busy.
const patience = time.Minute

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
	for _, needed := range []string{"node", "websocketd", "curl", "sh", "nginx", "squid", "tinyproxy"} {
		if _, err := exec.LookPath(needed); err != nil {
			return 0, fmt.Errorf("%s is missing: test/install.sh installs it, and so does make test", needed)
		}
	}
	if _, err := os.Stat("targets/node_modules/ws"); err != nil {
		return 0, errors.New("ws of npm is missing: test/install.sh installs it, and so does make test")
	}
	dir, err := os.MkdirTemp("", "polysocket-test-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "polysocket")
	if out, err := exec.Command("go", "build", "-race", "-o", binary, "../cmd/polysocket").CombinedOutput(); err != nil {
		return 0, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return m.Run(), nil
}
