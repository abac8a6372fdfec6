// Package lossless is a plain client of the sequenced extension, written from docs/protocol.md alone. It is made to be
// hard on a server: it sends and reads by every shape that the page describes, changes the shape at random, repeats what
// was cut and much that was not, hangs up and takes its own reads' place. What it does is drawn from a seed.
//
// What it finds to be against the protocol is the error of Run. Whether the right messages came is for others to say.
package lossless
