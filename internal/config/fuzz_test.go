package config

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"
)

// bomb is small, and would be very large with its aliases followed.
const bomb = `a: &a [x, x, x, x, x, x, x, x, x]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]
d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]
e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]
f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e]
router: {host: *f}
`

// FuzzRead: a file of whatever bytes is either good, and within all bounds, or has
// faults that each say where; and is so each time.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"", example, needed, bomb, "a: &a [*a]\n", "\t", "---\n---\n", "? [a]\n: b\n", "%YAML 1.2\n---\na: b\n",
		strings.Repeat("[", 20000), strings.Repeat("{a: ", 20000), strings.Repeat("- ", 20000), "relay:\n" + strings.Repeat(" ", 9999) + "zone: x",
		"redis: |\n  a\n  b\ncluster_secret: >-\n  x\n", "relay: {capacity: 0x10, wildcard: !!bool true}\n", "tls: {cert: a, key: b, target_ca: c}", "\xff\xfe\x00",
		"redis: file:x\ncluster_secret: env:X\n", "limits: {message: 1e9, grace: 1e9h}\n", "'': ''\n", "relay: {'': {'': 1}}",
		"keys: []\n", "keys: [{}]\n", "keys: [[a], {id: [x], '': 1, tokens: [{sha256: x, sha256: y}, z]}, &a {a: *a}, !!map {}]\n", needed + customers,
		"keys: {a: b}\nproxies: x\nlimits: {dials_per_host: 0, sockets_per_address: -1}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := sources("", "X", "value")
		s.Data, s.Now = data, time.Time{}
		s.ReadFile = func(name string) ([]byte, error) {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		c, err := Read(s)
		_, again := Read(s)
		if (err == nil) != (again == nil) || err != nil && err.Error() != again.Error() {
			t.Fatalf("%v, and then %v", err, again)
		}
		if err != nil {
			var faults Faults
			if !errors.As(err, &faults) || len(faults) == 0 || c != nil {
				t.Fatalf("%T %v", err, c)
			}
			for _, fault := range faults {
				if !strings.HasPrefix(fault.Where, "polysocket.yaml") || fault.What == "" || len(fault.String()) > 1000 {
					t.Errorf("%+v", fault)
				}
			}
			return
		}
		switch {
		case c.Redis == "" || c.ClusterSecret == "", c.Relay.Capacity < 0 || c.Relay.Capacity > mostCapacity,
			c.Limits.Message < 1 || c.Limits.Message > 1<<30, c.Limits.Buffer < 1, c.Limits.Grace <= 0 || c.Limits.Hold <= 0,
			c.Timeouts.Target <= 0 || c.Timeouts.Close <= 0, c.Timeouts.Drain < 0 || c.Timeouts.Drain > longest,
			c.Limits.SocketsPerAddress < 0, c.Keys != nil && !bytes.Contains(data, []byte("keys")),
			c.Relay.Listen == "" || c.Router.Listen == "":
			t.Errorf("%+v is good", c)
		}
	})
}
