// Package wire holds the shapes that cross a network: messages and their JSON,
// JSONP answers, runs of RFC 6455 frames, close codes, and the errors of the
// protocol. Everything in it is pure: bytes in, values out, and back. The
// reference for all of it is docs/protocol.md.
package wire
