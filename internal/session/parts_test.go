package session

import (
	"testing"

	"github.com/polysocket/polysocket/internal/wire"
)

// up.continued: each part goes on as it comes, and the target gets one message.
func TestUpContinued(t *testing.T) {
	for _, n := range []uint64{0, 1} { // without numbers and with
		example(t, Config{}, func(r *rig) {
			r.part(n, wire.Binary, "one ", true).is(1)
			if r.u.sent != 1 {
				t.Error("the part waits")
			}
			r.part(2*n, wire.Binary, "mess", true).is(2)
			r.part(3*n, wire.Binary, "age", false).is(3)
			r.part(4*n, wire.Text, "another", false).is(4)
			r.gets("one message", "another")
		})
	}
}

// up.continued-limit: the part that crosses the limit is 413, the socket 1009.
func TestUpContinuedLimit(t *testing.T) {
	t.Run("crossed by the sum", func(t *testing.T) {
		example(t, Config{MessageLimit: 10}, func(r *rig) {
			r.part(1, wire.Text, "123456", true).is(1)
			r.part(2, wire.Text, "78901", false).fails(wire.TooLarge)
			closedBoth(r, wire.CloseTooBig, "close 1009 ")
		})
		example(t, Config{MessageLimit: 10}, func(r *rig) {
			r.part(1, wire.Text, "123456", true).is(1)
			r.part(2, wire.Text, "7", true).is(2)
			r.part(3, wire.Text, "8901", true).fails(wire.TooLarge)
			closedBoth(r, wire.CloseTooBig, "close 1009 ")
		})
	})
	t.Run("crossed by a part that is over the limit itself", func(t *testing.T) {
		for _, n := range []uint64{0, 1} {
			example(t, Config{MessageLimit: 10}, func(r *rig) {
				r.part(n, wire.Text, "1", true).is(1)
				r.part(2*n, wire.Text, "01234567890", false).fails(wire.TooLarge)
				closedBoth(r, wire.CloseTooBig, "close 1009 ")
			})
		}
	})
	t.Run("crossed by one that was held", func(t *testing.T) {
		example(t, Config{MessageLimit: 10}, func(r *rig) {
			two, three := r.part(2, wire.Text, "78901", true), r.part(3, wire.Text, "", false)
			r.part(1, wire.Text, "123456", true).is(1)
			two.fails(wire.TooLarge)
			three.fails(wire.NoSocket)
			closedBoth(r, wire.CloseTooBig, "close 1009 ")
		})
	})
	t.Run("not by a part whose turn has not come", func(t *testing.T) {
		example(t, Config{MessageLimit: 10}, func(r *rig) {
			r.part(1, wire.Text, "1", true).is(1)
			r.part(3, wire.Text, "01234567890", false).fails(wire.TooLarge)
			r.part(2, wire.Text, "2", false).is(2)
			r.gets("12")
		})
	})
	t.Run("to the byte", func(t *testing.T) {
		example(t, Config{MessageLimit: 10}, func(r *rig) {
			r.part(1, wire.Text, "123456", true).is(1)
			r.part(2, wire.Text, "7890", false).is(2)
			r.gets("1234567890")
		})
	})
	t.Run("send.too_large: a request over it leaves the socket unharmed", func(t *testing.T) {
		for _, n := range []uint64{0, 1} {
			example(t, Config{MessageLimit: 10}, func(r *rig) {
				r.part(n, wire.Text, "01234567890", false).fails(wire.TooLarge)
				r.part(5*n, wire.Text, "01234567890", false).fails(wire.TooLarge)
				r.part(n, wire.Text, "0123456789", false).is(1)
				r.gets("0123456789")
			})
		}
	})
}

// up.continued-type: another t is 400 and takes no number; one held is dropped.
func TestUpContinuedType(t *testing.T) {
	for _, n := range []uint64{0, 1} {
		example(t, Config{}, func(r *rig) {
			r.part(n, wire.Text, "be", true).is(1)
			r.part(2*n, wire.Binary, "x", false).fails(wire.BadRequest)
			r.text(2*n, "whole").fails(wire.BadRequest)
			r.part(2*n, wire.Text, "gun", false).is(2)
			r.gets("begun")
		})
	}
	t.Run("held already", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			held, next := r.part(2, wire.Binary, "x", false), r.part(3, wire.Text, "!", false)
			again := r.part(2, wire.Binary, "x", false)
			r.part(1, wire.Text, "be", true).is(1)
			held.fails(wire.BadRequest)
			again.fails(wire.BadRequest)
			next.waits()
			r.part(2, wire.Text, "gun", true).is(3)
			next.is(3)
			r.gets("begun!")
		})
	})
	t.Run("but c", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.part(1, wire.Text, "be", true).is(1)
			r.close(2, wire.CloseNormal).is(2)
			r.gets()
			if r.u.code() != wire.CloseNormal {
				t.Error("the target is not closed")
			}
		})
	})
}

// up.utf8: judged over the whole message.
func TestUpUTF8(t *testing.T) {
	t.Run("cut inside characters", func(t *testing.T) {
		const message = "aé€😀\uFFFD😀\u0000z"
		for size := 1; size <= 5; size++ {
			example(t, Config{}, func(r *rig) {
				rest, n := message, uint64(0)
				for len(rest) > size {
					n++
					r.part(n, wire.Text, rest[:size], true).is(n)
					rest = rest[size:]
				}
				r.part(n+1, wire.Text, rest, false).is(n + 1)
				r.gets(message)
			})
		}
	})
	invalid := map[string]string{
		"a byte":     "\xff",
		"overlong":   "\xc0\x80",
		"surrogate":  "\xed\xa0\x80",
		"too high":   "\xf4\x90\x80\x80",
		"unfinished": "\xe2\x82",
	}
	for name, data := range invalid {
		t.Run("whole, "+name, func(t *testing.T) {
			for _, n := range []uint64{0, 1} {
				example(t, Config{}, func(r *rig) {
					r.part(n, wire.Text, data, false).fails(wire.BadRequest)
					r.part(n, wire.Binary, data, false).is(1)
					r.gets(data)
				})
			}
		})
		for cut := range data {
			t.Run("begun, "+name, func(t *testing.T) {
				example(t, Config{}, func(r *rig) {
					r.part(1, wire.Text, "a", true).is(1)
					first := r.part(2, wire.Text, data[:cut], true)
					if _, result := first.get(); result.Err == nil { // else it shows already
						first.is(2)
						first = r.part(3, wire.Text, data[cut:], false)
					}
					first.fails(wire.BadRequest)
					closedBoth(r, wire.CloseInvalidData, "close 1006 ")
				})
			})
		}
	}
	t.Run("a first part that is invalid begins nothing", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.part(1, wire.Text, "\xff", true).fails(wire.BadRequest)
			r.part(1, wire.Binary, "\xff", true).is(1)
		})
	})
}

// up.close: it takes the next number; without n it takes effect at once.
func TestUpClose(t *testing.T) {
	t.Run("in turn", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.u.setRoom(1)
			closing := r.close(3, 3000)
			two := r.text(2, "b")
			r.text(1, "a").is(1)
			two.waits()
			if r.u.code() != 0 {
				t.Error("the close overtook data")
			}
			r.u.drain(r.s, 0)
			two.is(2)
			closing.waits()
			r.u.drain(r.s, 0)
			closing.is(3)
			r.gets("a", "b")
			r.target("still reads")
			r.u.end(r.s, 3000, "")
			r.reads(r.poll(given(0)), "still reads", "close 3000 ")
		})
	})
	t.Run("at once", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.u.setRoom(0)
			r.u.allowForce(true)
			one, two, gap := r.text(1, "a"), r.text(2, "b"), r.text(4, "d")
			closing := r.close(0, 1001)
			r.gets("a", "b")
			if r.u.code() != 1001 {
				t.Error("the target is not closed")
			}
			gap.fails(wire.BadRequest)
			closing.waits()
			r.u.drain(r.s, -1)
			one.is(3)
			two.is(3)
			closing.is(3)
		})
	})
	t.Run("at once, behind sends that wait", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.u.setRoom(0)
			r.u.allowForce(true)
			one, two, closing := r.text(0, "a", "b"), r.text(0, "c"), r.close(0, 1001)
			r.gets("a", "b", "c")
			r.u.drain(r.s, -1)
			one.is(4)
			two.is(4)
			closing.is(4)
		})
	})
	t.Run("sent again", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.close(1, wire.CloseNoStatus).is(1)
			r.close(1, wire.CloseNoStatus).is(1)
			if r.u.code() != wire.CloseNoStatus {
				t.Error("the target is not closed")
			}
		})
	})
}

// up.after-close: a number after the client's own close is 400.
func TestUpAfterClose(t *testing.T) {
	example(t, Config{}, func(r *rig) {
		held := r.text(3, "c")
		r.close(2, wire.CloseNormal).waits()
		r.text(1, "a").is(2)
		held.fails(wire.BadRequest)
		r.text(3, "c").fails(wire.BadRequest)
		r.text(1, "a", "b", "c").fails(wire.BadRequest)
		r.text(0, "c").fails(wire.BadRequest)
		r.close(0, wire.CloseNormal).fails(wire.BadRequest)
		r.text(1, "a").is(2)
		r.ack(0).is(0)
		r.gets("a")
	})
}

// closedBoth wants the target closed with the code, and the client's last
// message to be the close.
func closedBoth(r *rig, target wire.CloseCode, client string) {
	r.Helper()
	if r.u.code() != target {
		r.Errorf("the target is closed with %d, want %d", r.u.code(), target)
	}
	r.text(0, "x").fails(wire.NoSocket)
	r.reads(r.poll(given(0)), client)
}
