package cluster

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
	"github.com/polysocket/polysocket/test/process"
)

// families are those of the addresses that a unit may allow.
var families = map[string]int{"AF_INET": unix.AF_INET, "AF_INET6": unix.AF_INET6, "AF_UNIX": unix.AF_UNIX, "AF_NETLINK": unix.AF_NETLINK}

func init() {
	become = func(allowed string, command, environment []string) error {
		if err := confine(strings.Fields(allowed)); err != nil {
			return err
		}
		return syscall.Exec(command[0], command, environment)
	}
}

// confine does what systemd does for RestrictAddressFamilies=.
func confine(allowed []string) error {
	const number, argument = 0, 16 // where they stand in seccomp_data
	load := func(at uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
	}
	equal := func(to int, yes, no int) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: uint8(yes), Jf: uint8(no), K: uint32(to)}
	}
	answer := func(what uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: what} }
	n := len(allowed)
	program := []unix.SockFilter{load(number), equal(unix.SYS_SOCKET, 0, n+2), load(argument)}
	for i, family := range allowed {
		program = append(program, equal(families[family], n-i, 0))
	}
	program = append(program, answer(unix.SECCOMP_RET_ERRNO|uint32(unix.EAFNOSUPPORT)), answer(unix.SECCOMP_RET_ALLOW))
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&filter)), 0, 0)
}

// Router and relay do all that they do with the families of addresses that their units leave them.
func TestUnitFamilies(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := startCluster(t, setup{redis: redistest.Start(t, redistest.Options{}).URL(), one: true, under: func(role string) []string {
		unit, err := os.ReadFile("../../deploy/systemd/polysocket-" + role + ".service")
		if err != nil {
			t.Fatal(err)
		}
		allowed := regexp.MustCompile(`(?m)^RestrictAddressFamilies=(.*)$`).FindSubmatch(unit)
		if allowed == nil {
			t.Fatalf("the unit of the %s allows every family", role)
		}
		for _, family := range strings.Fields(string(allowed[1])) {
			if _, known := families[family]; !known {
				t.Fatalf("this test does not know %s", strconv.Quote(family))
			}
		}
		return []string{"env", confinedTo + "=" + string(allowed[1]), self}
	}})
	echo, _ := ws(t)
	query := url.Values{"from": {"test"}, "target": {echo(0).url}}
	var last answer
	process.Until(t, "a socket is opened", func() bool {
		var err error
		last, err = c.routers[0].ask(t.Context(), "/create", query)
		if err == nil && last.status != http.StatusOK {
			t.Fatalf("the answer is %d: %s", last.status, last.Error)
		}
		return err == nil
	})
}
