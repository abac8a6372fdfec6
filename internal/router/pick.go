package router

import "github.com/polysocket/polysocket/internal/bus"

// pick chooses the most available node: the one with the fewest sockets. It is
// pure; false where there is none.
func pick(nodes []bus.Node) (best bus.Node, ok bool) {
	for _, n := range nodes {
		if !ok || n.Load < best.Load {
			best, ok = n, true
		}
	}
	return best, ok
}
