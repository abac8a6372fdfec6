package test

import (
	"net"
	"testing"

	"github.com/polysocket/polysocket/test/process"
)

// ws starts targets/echo.mjs.
func ws(t *testing.T, args ...string) (p *process.Process, url string) {
	t.Helper()
	p = process.Start(t, "node", append([]string{"targets/echo.mjs"}, args...)...)
	return p, "ws://" + p.Line("listening ")
}

// websocketd starts Debian's websocketd, which runs the command for each
// connection and has it read and write messages: of text, a line each.
func websocketd(t *testing.T, args ...string) (url string) {
	t.Helper()
	addr := process.FreeAddr(t)
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	process.Start(t, "websocketd", append([]string{"--address=" + process.Alone, "--port=" + port}, args...)...).Listens(addr)
	return "ws://" + addr + "/"
}
