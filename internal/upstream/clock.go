package upstream

import "time"

// mostReply is how many CloseTimeouts a target has in all to answer our Close, those
// among them in which we do not read.
const mostReply = 6

// A reply is the target's Close that is to come.
type reply struct {
	left  time.Duration // of CloseTimeout
	since time.Time     // when what is left was true
	due   time.Time     // until when it has to be there, whatever we do
}

// awaitReply gives the target CloseTimeout to answer our Close, and aborts after it.
// Time in which we are paused is the client's and not the target's, and what the
// target had sent before is not to be lost for it; so it does not count, up to a bound.
// c.mu is held.
func (c *Conn) awaitReply() {
	now := time.Now()
	c.reply = &reply{left: c.closeTimeout, since: now, due: now.Add(mostReply * c.closeTimeout)}
	c.setClock(c.reply.until(now, c.paused))
}

// until is how long the answer may take from now on.
func (r *reply) until(now time.Time, paused bool) time.Duration {
	if paused {
		return r.due.Sub(now)
	}
	return min(r.left, r.due.Sub(now))
}

// changePause sets whether we are paused, and the clock accordingly. c.mu is held.
func (c *Conn) changePause(paused bool) {
	if c.paused == paused {
		return
	}
	c.paused = paused
	if c.reply == nil || c.clock == nil {
		return
	}
	now := time.Now()
	if paused {
		c.reply.left -= now.Sub(c.reply.since)
	}
	c.reply.since = now
	c.setClock(c.reply.until(now, paused))
}

// startClock gives the target another CloseTimeout for something else, and aborts
// after it. c.mu is held.
func (c *Conn) startClock() {
	c.reply = nil
	c.setClock(c.closeTimeout)
}

// setClock aborts after d, and not when it would have else. c.mu is held.
func (c *Conn) setClock(d time.Duration) {
	if c.aborted {
		return
	}
	if c.clock == nil {
		c.clock = time.AfterFunc(d, c.Abort)
	} else {
		c.clock.Reset(d)
	}
}

// stopClock lets go of the clock, which else would keep c in memory. c.mu is
// held.
func (c *Conn) stopClock() {
	if c.clock != nil {
		c.clock.Stop()
		c.clock = nil
	}
}
