package redisbus

import "time"

// Keys and channels. All of asking has one hash tag, and so one server, in a
// Cluster too: what is published, claimed and answered is then in one order. Rates
// have one too, as some are counted together. Limits are keys of their own, which a
// Cluster spreads.
const (
	prefix    = "polysocket:{bus}:"
	nodesKey  = prefix + "nodes"  // a hash: a node's id → its announcement, sealed
	leasesKey = prefix + "leases" // a sorted set: a node's id by when its lease ends, in ms of Redis's clock

	recordsKey  = prefix + "keys"          // a hash: a key's id → its record, encrypted
	versionsKey = prefix + "keys:versions" // a hash: a key's id → its record's version
	keysChannel = prefix + "keys"          // routers are told there that a record is another
)

// relayChannel is what a relay is asked on.
func relayChannel(node string) string { return prefix + "relay:" + node }

// routerChannel is what a router is answered on.
func routerChannel(id string) string { return prefix + "router:" + id }

// claimKey is set by who takes a request: the relay that opens it, or the router that
// does not wait for it any longer.
func claimKey(id string) string { return prefix + "claim:" + id }

// claimLease is how long a claim stays: longer than a request is valid for.
const claimLease = 60 * time.Second

// limitKey is a sorted set: a place's id by when its lease ends, in ms of Redis's
// clock.
func limitKey(limit string) string { return "polysocket:limit:" + limit }

// ticketKey is what a ticket stands for, encrypted, under the hash of its text.
func ticketKey(hash string) string { return "polysocket:ticket:" + hash }

// rateKey is a number: when what has happened is made up for, in µs of Redis's clock.
func rateKey(name string) string { return "polysocket:{rates}:" + name }
