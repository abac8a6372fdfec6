//go:build !linux

package poller

// A Poller is not to be had on this system.
type Poller struct{}

// New fails.
func New() (*Poller, error) { return nil, ErrUnsupported }

// Close does nothing.
func (*Poller) Close() error { return nil }

// A Watch is not to be had on this system.
type Watch struct{}

// Watch fails.
func (*Poller) Watch(any, func(Event)) (*Watch, error) { return nil, ErrUnsupported }

// Arm fails.
func (*Watch) Arm(Event) error { return ErrUnsupported }

// End does nothing.
func (*Watch) End() {}
