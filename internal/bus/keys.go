package bus

import (
	"context"
	"errors"
	"time"
)

// What may be kept of keys, so that whoever may write into what keeps them cannot
// fill a router's memory.
const (
	MaxKeys      = 10_000   // records, those of deleted keys among them
	MaxKeyRecord = 64 << 10 // bytes of one
)

// ErrTooManyKeys says that a record has no room.
var ErrTooManyKeys = errors.New("there are as many keys as can be kept, deleted ones among them")

// A KeyRecord is a key as the bus keeps it: what stands in it is its writers' and
// readers' to know.
type KeyRecord struct {
	ID string
	// Version grows with each record of the id, so that nobody who keeps an older one
	// can pass it for what holds.
	Version uint64
	// Data is the record; nil: the key was deleted, which stays known.
	Data []byte
	// Unread says that the record is there and cannot be read, as one that was kept with
	// another cluster's secret. It has no Data, and its Version is what somebody says.
	Unread bool
}

// Keys is where keys are kept that all routers have in common.
type Keys interface {
	// ListKeys lists the ids of all records, and those records whose version is not
	// the one that the caller knows. Those that cannot be read are logged.
	ListKeys(ctx context.Context, known map[string]uint64) (ids []string, changed []KeyRecord, err error)
	// PutKey puts a record in the place of that of a version (0: there is none), and
	// has those who watch told. It is false where another version is there.
	PutKey(ctx context.Context, r KeyRecord, over uint64) (bool, error)
	// ForgetKey drops the record of a deleted key of a version: it is not known any
	// more that it was there. It is false where another version is there.
	ForgetKey(ctx context.Context, id string, version uint64) (bool, error)
	// WatchKeys has changed called whenever somebody has put a record, and when the
	// bus has come back, until ctx ends. It must not block.
	WatchKeys(ctx context.Context, changed func())
}

// TicketTTL is how long a ticket is good for.
const TicketTTL = 30 * time.Second

// Tickets are kept under the hashes of their texts: who reads what is kept learns none.
type Tickets interface {
	// PutTicket keeps what a ticket stands for, for TicketTTL at most.
	PutTicket(ctx context.Context, hash string, data []byte, lasts time.Duration) error
	// TakeTicket gives what a ticket stands for, once, however many ask at once; nil
	// where there is none, or not any more. After an error it may be gone.
	TakeTicket(ctx context.Context, hash string) ([]byte, error)
}
