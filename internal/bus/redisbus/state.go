package redisbus

import (
	"log/slog"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// state is what the log knows: whether Redis is there.
type state struct {
	known, up bool
	said      string // what a Redis that is there, and of no use, has said
}

// lost logs that Redis is away, the first time, and again where it answers by
// something else than before.
func (s *state) lost(log *slog.Logger, err error) {
	said := s.said
	if answer, ok := rueidis.IsRedisErr(err); ok {
		said = answer.Error()
	}
	if !s.known || s.up || said != s.said {
		log.Warn("Redis is lost: sockets live on, none can be opened, and it is tried again", "error", err)
	}
	s.known, s.up, s.said = true, false, said
}

func (s *state) back(log *slog.Logger) {
	if !s.up {
		log.Info("Redis is there")
	}
	s.known, s.up, s.said = true, true, ""
}

// dropped logs what came over Redis and was not acted on, without letting who sends
// it fill the log.
type dropped struct {
	log *slog.Logger

	mu    sync.Mutex
	count int
	until time.Time // nothing is logged before
}

const droppedEvery = 10 * time.Second

// note takes what was dropped, why, and what else is known of it, for the log.
func (d *dropped) note(what string, err error, more ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.count++
	now := time.Now()
	if now.Before(d.until) {
		return
	}
	d.log.Warn("dropped what came over Redis", append([]any{"what", what, "error", err, "count", d.count}, more...)...)
	d.count, d.until = 0, now.Add(droppedEvery)
}
