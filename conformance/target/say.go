package target

import (
	"time"
)

// Write sends bytes as they are. It reports an error where they are not taken within Patience, as by a relay that does
// not read; a broken connection is an error too.
func (c *Conn) Write(b []byte) (int, error) {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	c.nc.SetWriteDeadline(time.Now().Add(Patience))
	return c.nc.Write(b)
}

// Text sends text messages.
func (c *Conn) Text(messages ...string) {
	c.tb.Helper()
	for _, m := range messages {
		c.say(Text(m))
	}
}

// Binary sends a binary message.
func (c *Conn) Binary(p []byte) {
	c.tb.Helper()
	c.say(Binary(p))
}

// Raw sends bytes as they are, and fails the test where they are not taken.
func (c *Conn) Raw(b ...[]byte) {
	c.tb.Helper()
	for _, b := range b {
		c.say(b)
	}
}

// Ping sends a ping.
func (c *Conn) Ping(data string) {
	c.tb.Helper()
	c.say(Frame{Fin: true, Opcode: OpPing, Payload: []byte(data)}.Append(nil))
}

// Close sends a Close frame; code 0 makes an empty one. The connection ends when it is answered.
func (c *Conn) Close(code int, reason string) {
	c.tb.Helper()
	c.wmu.Lock()
	c.closing = true
	c.wmu.Unlock()
	c.say(Close(code, reason))
}

func (c *Conn) say(b []byte) {
	c.tb.Helper()
	if _, err := c.Write(b); err != nil {
		c.tb.Errorf("target: writing %d bytes to the relay: %v", len(b), err)
	}
}

// Flood sends count messages, made by message from their index, in the background, for as long as the relay takes
// them. Flooded says how far it is.
func (c *Conn) Flood(count int, message func(int) []byte) {
	c.t.running.Go(func() {
		for i := range count {
			c.wmu.Lock()
			c.nc.SetWriteDeadline(time.Time{}) // ended by the target's own end
			_, err := c.nc.Write(message(i))
			c.wmu.Unlock()
			if err != nil {
				return
			}
			c.flooded.Add(1)
		}
	})
}

// Flooded is how many messages of Flood the kernel has taken.
func (c *Conn) Flooded() int { return int(c.flooded.Load()) }

// Settled waits until Flood makes no progress for quiet, and returns how far it is then.
func (c *Conn) Settled(quiet time.Duration) int {
	ticker := time.NewTicker(quiet)
	defer ticker.Stop()
	for last := -1; ; {
		n := c.Flooded()
		if n == last {
			return n
		}
		last = n
		<-ticker.C
	}
}
