package upstream

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// ownFor is how long the machine's addresses are taken to be what they were.
const ownFor = 2 * time.Second

// ownAddresses are those of this machine's interfaces.
type ownAddresses struct {
	list func() ([]net.Addr, error)

	mu    sync.Mutex
	addrs map[netip.Addr]struct{} // replaced, never changed
	at    time.Time
}

// get tells the addresses. Where the system does not, what it told before stands;
// the error is for when it never did.
func (o *ownAddresses) get() (map[netip.Addr]struct{}, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.addrs != nil && time.Since(o.at) < ownFor {
		return o.addrs, nil
	}
	list, err := o.list()
	if err != nil {
		if o.addrs != nil {
			return o.addrs, nil
		}
		return nil, err
	}
	addrs := make(map[netip.Addr]struct{}, len(list))
	for _, each := range list {
		if prefix, ok := each.(*net.IPNet); ok {
			if addr, ok := netip.AddrFromSlice(prefix.IP); ok {
				addrs[addr.Unmap()] = struct{}{}
			}
		}
	}
	o.addrs, o.at = addrs, time.Now()
	return addrs, nil
}
