// Package cluster holds the tests of polysocket on many machines, as far as one machine can be many: routers, relays and
// Redis are real processes, targets are servers of others, and clients know docs/protocol.md alone. Something is killed,
// stopped, cut or replaced in each, and what has nothing to do with it is to feel nothing.
package cluster
