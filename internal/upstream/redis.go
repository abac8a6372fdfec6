package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// redisFor is how long a name of Redis is taken to lead where it led, and
	// redisRetry how long one is taken not to resolve.
	redisFor   = 10 * time.Second
	redisRetry = time.Second
	// redisWait is how long a dial waits for the name server.
	redisWait = 2 * time.Second
	// redisMost is how many endpoints are remembered.
	redisMost = 4096
)

var errUnresolved = errors.New("an address of Redis is not known")

// redis knows where Redis is and was.
type redis struct {
	list     func() []string
	resolver Resolver // nil: net.DefaultResolver

	asking chan struct{} // holds one while the name server is asked
	mu     sync.Mutex
	names  map[string]redisName // by host:port
	seen   map[netip.AddrPort]time.Time
}

func newRedis(list func() []string, resolver Resolver) *redis {
	return &redis{
		list: list, resolver: resolver, asking: make(chan struct{}, 1),
		names: make(map[string]redisName), seen: make(map[netip.AddrPort]time.Time),
	}
}

// A redisName is what is known of a host:port whose host is a name.
type redisName struct {
	asked time.Time // for the last time
	known bool      // it has resolved
}

func (n redisName) due() bool {
	valid := redisFor
	if !n.known {
		valid = redisRetry
	}
	return n.asked.IsZero() || time.Since(n.asked) >= valid
}

// endpoints are all that Redis has had, and has now. The error says that there is
// one of which nothing is known, or is ctx's.
func (r *redis) endpoints(ctx context.Context) ([]netip.AddrPort, error) {
	list := r.list()
	// What is known may be renewed by one while it stands for the others.
	due, unknown := r.due(list)
	if unknown {
		select {
		case r.asking <- struct{}{}:
			r.renew(ctx, list)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	} else if due {
		select {
		case r.asking <- struct{}{}:
			r.renew(ctx, list)
		default:
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, address := range list {
		if host, port, splits := splitHostPort(address); !splits {
			return nil, fmt.Errorf("%w: %s", errUnresolved, address)
		} else if addr, err := netip.ParseAddr(host); err == nil {
			r.see(netip.AddrPortFrom(addr, port))
		} else if host != "" && !r.names[address].known {
			return nil, fmt.Errorf("%w: %s", errUnresolved, address)
		}
	}
	all := make([]netip.AddrPort, 0, len(r.seen))
	for to := range r.seen {
		all = append(all, to)
	}
	return all, nil
}

// due tells whether a name is to be asked for, and whether without it nothing is
// known of one.
func (r *redis) due(list []string) (due, unknown bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, address := range list {
		if isName(address) {
			name := r.names[address]
			due, unknown = due || name.due(), unknown || !name.known
		}
	}
	return due, unknown
}

// renew asks where the names lead that are due, and takes from r.asking. That a
// caller goes away is no answer for the others, so ctx's end does not count.
func (r *redis) renew(ctx context.Context, list []string) {
	defer func() { <-r.asking }()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), redisWait)
	defer cancel()
	for _, address := range list {
		r.mu.Lock()
		name := r.names[address]
		r.mu.Unlock()
		if !isName(address) || !name.due() {
			continue
		}
		host, port, _ := splitHostPort(address)
		addrs, err := lookup(ctx, r.resolver, host)
		r.mu.Lock()
		r.names[address] = redisName{asked: time.Now(), known: name.known || err == nil}
		for _, addr := range addrs {
			r.see(netip.AddrPortFrom(addr, port))
		}
		r.mu.Unlock()
	}
}

// see remembers an endpoint, and forgets the one that was not seen for the longest
// time where there are too many. r.mu is held.
func (r *redis) see(to netip.AddrPort) {
	r.seen[netip.AddrPortFrom(to.Addr().Unmap().WithZone(""), to.Port())] = time.Now()
	if len(r.seen) <= redisMost {
		return
	}
	var oldest netip.AddrPort
	for each, at := range r.seen {
		if !oldest.IsValid() || at.Before(r.seen[oldest]) {
			oldest = each
		}
	}
	delete(r.seen, oldest)
}

// splitHostPort reads a host:port. The host of a Unix socket is empty.
func splitHostPort(address string) (host string, port uint16, ok bool) {
	if strings.HasPrefix(address, "/") {
		return "", 0, true
	}
	host, digits, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return "", 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	return host, uint16(n), err == nil
}

func isName(address string) bool {
	host, _, ok := splitHostPort(address)
	_, err := netip.ParseAddr(host)
	return ok && host != "" && err != nil
}
