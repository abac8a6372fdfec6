package chaos

import (
	"io"
	"net"
	"syscall"
)

// A Conn is one end of a connection.
type Conn interface {
	io.ReadWriteCloser

	// CloseWrite says that nothing more will be written; the other way stays open.
	CloseWrite() error

	// Abort closes so that the other end sees a connection that was reset, and not one that has ended.
	Abort()
}

// A tcp is a Conn of the network's.
type tcp struct{ *net.TCPConn }

func (c tcp) Abort() {
	_ = c.SetLinger(0) // it may be closed
	c.TCPConn.Close()
}

// A half is one end of a connection inside the process, between two faults.
type half struct {
	*io.PipeReader
	*io.PipeWriter
}

func pipe() (near, far Conn) {
	down, fromServer := io.Pipe()
	up, fromClient := io.Pipe()
	return half{down, fromClient}, half{up, fromServer}
}

func (h half) CloseWrite() error { return h.PipeWriter.Close() }

func (h half) Close() error {
	_ = h.PipeReader.Close() // never fails
	return h.PipeWriter.Close()
}

func (h half) Abort() {
	h.PipeReader.CloseWithError(syscall.ECONNRESET)
	h.PipeWriter.CloseWithError(syscall.ECONNRESET)
}
