package cluster

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"

	"go.uber.org/goleak"

	"github.com/polysocket/polysocket/test/process"
)

// atOnce is how many cases run at the same time: they wait more than they work.
const atOnce = 6

// binary is the polysocket under test, built once.
var binary string

// confinedTo is the environment variable that has this program become another, which its arguments say, with no sockets
// but of these families.
const confinedTo = "POLYSOCKET_TEST_FAMILIES"

// become does that, on the thread that runs it, and comes back with an error only. Nil: this system cannot.
var become func(allowed string, command, environment []string) error

func TestMain(m *testing.M) {
	if allowed, ok := os.LookupEnv(confinedTo); ok {
		runtime.LockOSThread()
		panic(become(allowed, os.Args[1:], os.Environ()))
	}
	// Where Debian has its servers, and not everybody looks.
	if err := os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin"); err != nil {
		panic(err)
	}
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		if err := flag.Set("test.parallel", strconv.Itoa(atOnce)); err != nil {
			panic(err)
		}
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	if err := process.Needs("node", "websocketd", "redis-server", "redis-cli", "curl", "nginx", "caddy", "named-checkzone", "dnsmasq", "unbound", "systemd-analyze"); err != nil {
		return 0, err
	}
	if _, err := os.Stat("../targets/node_modules/ws"); err != nil {
		return 0, errors.New("ws of npm is missing: test/install.sh installs it, and so does make test")
	}
	dir, err := os.MkdirTemp("", "polysocket-cluster-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if binary, err = process.Build(dir); err != nil {
		return 0, err
	}
	if code := m.Run(); code != 0 {
		return code, nil
	}
	return 0, goleak.Find()
}
