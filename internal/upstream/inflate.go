package upstream

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"sync"

	"github.com/polysocket/polysocket/internal/budget"
)

// deflateTail ends a compressed message: first the four bytes that its sender
// cut off (RFC 7692 §7.2.2), then an empty final block, by which flate sees an
// end where otherwise it would miss something.
const deflateTail = "\x00\x00\xff\xff" + "\x01\x00\x00\xff\xff"

// maxStreams is how often one message may end its DEFLATE stream and begin
// another. A sender without a flush ends it once (§7.2.3.4); beginning costs
// time that its few bytes should not buy.
const maxStreams = 256

var errTooBig = errors.New("inflated, the message is over the limit")

// inflaterSize is what an inflater takes, in bytes.
const inflaterSize = 40 << 10

// An inflater is the 40 kB that inflating takes. It remembers nothing between
// messages: no context is taken over.
type inflater struct {
	in  bytes.Reader // a ByteReader, so flate reads no byte too many
	out io.ReadCloser
}

var inflaters = sync.Pool{New: func() any {
	z := new(inflater)
	z.out = flate.NewReader(&z.in)
	return z
}}

// inflate inflates the payload of one message, which it takes over. The result
// may have limit bytes, and grows as there is something to put in. The account counts
// what that takes meanwhile.
func inflate(payload []byte, limit int, account *budget.Account) ([]byte, error) {
	if len(payload) == 0 {
		// An empty message is one byte (§7.2.3.6). But browsers take this too.
		return nil, nil
	}
	z := inflaters.Get().(*inflater)
	defer inflaters.Put(z)
	defer z.in.Reset(nil)
	z.in.Reset(append(payload, deflateTail...))
	z.begin(nil)

	out := make([]byte, 0, min(2*len(payload)+64, limit+1))
	held := inflaterSize + cap(out)
	account.Add(held)
	defer func() { account.Add(-held) }()
	for streams := 1; ; {
		if len(out) == cap(out) {
			more := min(2*cap(out), limit+1) - cap(out)
			account.Add(more)
			held += more
			out = append(make([]byte, 0, cap(out)+more), out...)
		}
		n, err := z.out.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		switch {
		case len(out) > limit:
			return nil, errTooBig
		case err == nil:
			continue
		case err != io.EOF:
			return nil, err
		case z.in.Len() == 0 || z.in.Len() == len(deflateTail):
			return fit(out), nil // after our final block, or after one of the sender's
		case streams == maxStreams:
			return nil, errors.New("too many final blocks")
		}
		// A final block that is not the end: the next one begins a new stream (§7.2.3.4).
		streams++
		z.begin(nil)
	}
}

func (z *inflater) begin(dictionary []byte) {
	// The documented type of flate.NewReader's result; it never fails.
	_ = z.out.(flate.Resetter).Reset(&z.in, dictionary)
}

// fit gives back what growing left over, where that is much: the message may be
// kept for long.
func fit(p []byte) []byte {
	if cap(p)-len(p) > len(p)/4 {
		return bytes.Clone(p)
	}
	return p
}
