package parking

import (
	"strconv"
	"sync"
)

// Write writes a piece of the response, which encode appends to what it is given.
// full says that the kernel has not taken all of it: Writable is then to come, and
// nothing should be written before.
func (c *Conn) Write(encode func([]byte) []byte) (full bool) {
	buffer := buffers.Get().(*[]byte)
	p, at := (*buffer)[:0], 0
	if c.chunked {
		p, at = appendChunk(p, encode)
	} else {
		p = encode(p)
	}
	full = c.write(p[at:])
	if cap(p) <= largeBuffer {
		*buffer = p
		buffers.Put(buffer)
	}
	return full
}

// buffers are for what is written at once.
var buffers = sync.Pool{New: func() any {
	p := make([]byte, 0, 1<<10)
	return &p
}}

// largeBuffer is from where on a buffer is not worth keeping, in bytes.
const largeBuffer = 128 << 10

// chunkHead is the room for a chunk's size in hexadecimal digits, and CRLF.
const chunkHead = 18

// appendChunk appends a chunk (RFC 9112 §7.1), which begins at the index at.
func appendChunk(p []byte, encode func([]byte) []byte) (chunk []byte, at int) {
	start := len(p)
	var head [chunkHead]byte
	p = encode(append(p, head[:]...))
	size := len(p) - start - chunkHead
	if size == 0 {
		return p, len(p) // an empty chunk would be the last
	}
	digits := append(strconv.AppendInt(head[:0], int64(size), 16), "\r\n"...)
	at = start + chunkHead - len(digits)
	copy(p[at:], digits)
	return append(p, "\r\n"...), at
}

// write gives bytes to the kernel, or to the outbox.
func (c *Conn) write(p []byte) (full bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == parked {
		c.push(p)
	}
	return c.out.Busy()
}

// push is write, with the lock held and in any state.
func (c *Conn) push(p []byte) {
	if _, err := c.out.Write(p); err != nil {
		go c.Cut() // whoever writes is not to be called back before it has returned
	}
}

// Full tells whether the kernel has not taken all that was written.
func (c *Conn) Full() bool { return c.out.Busy() }

// settled draws the consequences of all being with the kernel, or of its never
// going to be.
func (c *Conn) settled() {
	c.mu.Lock()
	switch {
	case c.state != parked && c.state != finishing || c.out.Busy(): // nothing, or again
		c.mu.Unlock()
	case c.out.Failed() != nil:
		c.end()
	case c.state == finishing:
		c.complete()
	default:
		on := c.on
		c.mu.Unlock()
		on.Writable()
	}
}
