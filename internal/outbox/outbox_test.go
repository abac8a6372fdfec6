package outbox_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polysocket/polysocket/internal/outbox"
)

// A pipe has no file descriptor: this is the way of systems without direct
// writes.
func TestOutboxWithoutDescriptor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		o, settled := outbox.New(ours, 0), 0
		o.WhenSettled(func() { settled++ })
		var want bytes.Buffer
		for i := range 100 {
			p := bytes.Repeat([]byte{byte(i)}, i*100)
			want.Write(p)
			if n, err := o.Write(p); n != len(p) || err != nil {
				t.Fatal(n, err)
			}
			clear(p) // it must keep no part of it
		}
		synctest.Wait()
		if !o.Busy() || settled != 0 {
			t.Fatal("settled, and nobody has read")
		}
		got := make([]byte, want.Len())
		if _, err := io.ReadFull(theirs, got); err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Fatal("the bytes are others", err)
		}
		synctest.Wait()
		if o.Busy() || settled != 1 {
			t.Errorf("busy %v, settled %d times", o.Busy(), settled)
		}

		o.Write([]byte("nobody reads this"))
		theirs.Close()
		synctest.Wait()
		if _, err := o.Write(nil); !errors.Is(err, io.ErrClosedPipe) || o.Busy() || settled != 2 {
			t.Errorf("%v, busy %v, settled %d times", err, o.Busy(), settled)
		}
		ours.Close()
	})
}

// A write that is stuck for too long fails; one that goes on is not stuck.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		o := outbox.New(ours, 30*time.Second)
		piece := make([]byte, 64<<10)
		for range 3 {
			if _, err := o.Write(piece); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			time.Sleep(29 * time.Second) // virtual
			if _, err := io.ReadFull(theirs, piece); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if o.Busy() || o.Failed() != nil {
			t.Fatal("busy, or failed:", o.Failed())
		}
		if _, err := o.Write(piece); err != nil {
			t.Fatal(err)
		}
		time.Sleep(31 * time.Second)
		if o.Busy() || !errors.Is(o.Failed(), os.ErrDeadlineExceeded) {
			t.Error("stuck, and not given up:", o.Failed())
		}
	})
}
