// Package upstream opens the real WebSocket to a target and speaks RFC 6455 on
// it as a client. It is the only package that dials targets, and it asks its
// Guard before every connection.
//
// A Conn is pushed to and never blocks its caller. What comes from the target
// is handed to a Handler; what goes to the target is taken at once, and where
// the kernel does not take it all Send says so:
//
//	Send ─▶ frame, masked ─▶ (TLS) ─▶ outbox ─▶ kernel        up
//	Handler ◀─ machine ◀─ (TLS) ◀─ reading goroutine ◀─ kernel  down
//
// The machine turns bytes into events and knows nobody who reads; the reading
// goroutine knows no frames. So that an event loop may take the goroutine's
// place.
package upstream
