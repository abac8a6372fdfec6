// Package history says what messages go each way over a socket, and holds what arrives to it: each message once, in
// order, none missing, of the right type, byte for byte. The messages are a function of a seed.
package history
