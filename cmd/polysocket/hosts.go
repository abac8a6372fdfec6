package main

import (
	"log/slog"
	"sync/atomic"
	"time"
)

// strangersEvery is how often it is logged that a Host is refused: not for each
// request, since anybody can send them.
const strangersEvery = 10 * time.Second

// known tells whether a request's Host is ours, and logs those that are not, with
// the key that would make it one: who has forgotten that sees nothing but 421.
func known(own func(host string) bool, key string, log *slog.Logger) func(host string) bool {
	var last atomic.Int64
	return func(host string) bool {
		if own(host) {
			return true
		}
		now := time.Now().UnixNano()
		if before := last.Load(); now-before >= int64(strangersEvery) && last.CompareAndSwap(before, now) {
			log.Warn("a request was refused for its Host (421): if that leads here on purpose, name it", "host", short(host), "key", key)
		}
		return false
	}
}

// short cuts what a stranger has sent.
func short(s string) string {
	const most = 100
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
