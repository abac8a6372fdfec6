package history

import "context"

// An Ending is how a connection has ended.
type Ending struct {
	Arrived, Sent uint64 // messages: all that came up, and all that went down before the close
	Code          int    // of the close that came; -1 for none
	Err           error  // what was wrong
}

// Endings waits until all connections have ended, and tells how, in the order in which they were opened.
func (t *Target) Endings(ctx context.Context) ([]Ending, error) {
	conns, err := t.ended(ctx)
	if err != nil {
		return nil, err
	}
	endings := make([]Ending, len(conns))
	for i, c := range conns {
		endings[i] = Ending{c.checker.Arrived(), c.sent, c.code, c.err}
	}
	return endings, nil
}
