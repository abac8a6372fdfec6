// Package target has WebSocket servers to be the far end of a socket under test. They listen on loopback, keep a
// record of all they see, and can be told to be rude: to stall, to refuse, to stay silent, to flood, to drop the
// connection, to send frames that RFC 6455 forbids.
//
// The handshake and the frames are written out here, and not taken from a WebSocket library, so that the suite sees
// each frame as it came and can send what a library would not. [Echo] is the ordinary counterpart.
package target
