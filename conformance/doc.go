// Package conformance is the black-box suite of the polysocket wire protocol. It knows docs/protocol.md and nothing of
// any server's insides, so that anyone can hold a server to it.
//
// [Run] runs it against a [Server]. The server must be able to dial targets on this machine's loopback, must ask for no
// token, and should have short settings (see [Server]), since many rules are about time. Those tests mostly wait, so run
// them with -parallel 64 or so.
//
// Each rule of the page has its name, and each name one test or more in the table of rules.go. To read a test, read
// create → send → poll as a conversation:
//
//	tg := t.target(target.Options{}) // the far end
//	s := t.open(tg.URL)              // a socket to it
//	s.form("t=t", "d=hello").do().is(201)
//	tg.Accept().Saw("text hello")
//
// What a read brings is expect's to say, and what a stream brings the stream's own:
//
//	s.stream("x", a(0)).open().at(1).has("text hello")
package conformance
