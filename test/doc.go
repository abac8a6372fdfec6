// Package test holds the tests of the real binary, with targets that nobody here
// wrote: ws of npm (targets/echo.mjs) and Debian's websocketd. Its clients know
// docs/protocol.md and HTTP alone; one of them is curl.
package test
