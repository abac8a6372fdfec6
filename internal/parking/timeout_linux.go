package parking

import (
	"golang.org/x/sys/unix"
)

// unacknowledged is how long a peer's kernel may leave bytes unacknowledged, in
// milliseconds (TCP_USER_TIMEOUT, RFC 5482).
const unacknowledged = 20_000

func limitUnacknowledged(fd uintptr) {
	// Without it a dead peer is noticed later.
	_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, unacknowledged)
}
