package upstream

import (
	"context"
	"fmt"
	"testing"

	"github.com/polysocket/polysocket/internal/wire"
)

// Names whose answers change: by what the first question was answered nobody gets
// to what the second is.
func TestRebinding(t *testing.T) {
	const public, public6 = "A 93.184.215.14", "AAAA 2606:4700::1"
	server := names(t)
	turns := func(answers ...[]string) func(int) []string {
		return func(asked int) []string { return answers[asked%len(answers)] }
	}
	for _, test := range []struct {
		name   string
		script func(asked int) []string
		want   []wire.ErrorCode // of one dial after the other
		to     []string
	}{
		{"public, then private", turns([]string{public}, []string{"A 10.0.0.1"}),
			[]wire.ErrorCode{wire.TargetUnreachable, wire.TargetDenied, wire.TargetUnreachable}, []string{"93.184.215.14:443", "93.184.215.14:443"}},
		{"private, then public", turns([]string{"A 127.0.0.1"}, []string{public}),
			[]wire.ErrorCode{wire.TargetDenied, wire.TargetUnreachable, wire.TargetDenied}, []string{"93.184.215.14:443"}},
		{"public, then metadata by way of another name", turns([]string{public}, []string{"CNAME metadata.test."}),
			[]wire.ErrorCode{wire.TargetUnreachable, wire.TargetDenied}, []string{"93.184.215.14:443"}},
		{"public, then both", turns([]string{public}, []string{public, "A 192.168.0.1"}),
			[]wire.ErrorCode{wire.TargetUnreachable, wire.TargetDenied}, []string{"93.184.215.14:443"}},
		{"A is public, AAAA is not", turns([]string{public, "AAAA ::1"}), []wire.ErrorCode{wire.TargetDenied}, nil},
		{"AAAA is public, A is not", turns([]string{public6, "A 127.0.0.1"}), []wire.ErrorCode{wire.TargetDenied}, nil},
		{"AAAA alone, public, then mapped", turns([]string{public6}, []string{"AAAA ::ffff:127.0.0.1"}),
			[]wire.ErrorCode{wire.TargetUnreachable, wire.TargetDenied}, []string{"[2606:4700::1]:443"}},
		{"AAAA alone, public, then unique local", turns([]string{public6}, []string{"AAAA fd00::1"}),
			[]wire.ErrorCode{wire.TargetUnreachable, wire.TargetDenied}, []string{"[2606:4700::1]:443"}},
		{"public, then this machine, then nothing", turns([]string{public}, []string{"A 0.0.0.0"}, nil),
			[]wire.ErrorCode{wire.TargetUnreachable, wire.TargetDenied, wire.TargetUnreachable}, []string{"93.184.215.14:443"}},
		{"a chain that ends elsewhere each time", turns([]string{"CNAME alias2.test."}, []string{"CNAME chain.test."}),
			[]wire.ErrorCode{wire.TargetUnreachable, wire.TargetDenied}, []string{"93.184.215.14:443"}},
		{"a private address behind hundreds of public ones", turns(append(many(300), "A 10.0.0.1")), []wire.ErrorCode{wire.TargetDenied}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			server.Say("rebind.test.", test.script)
			var record dialled
			d := record.through(&Dialer{Resolver: server.Resolver()})
			for i, want := range test.want {
				before4, before6 := server.Times("rebind.test. A"), server.Times("rebind.test. AAAA")
				c, err := d.Dial(context.Background(), Request{Target: parse(t, "wss://rebind.test/")})
				if got := code(t, c, err); got != want {
					t.Errorf("dial %d: %q, want %s", i, got, want)
				}
				over4, over6 := server.Times("rebind.test. A")-before4, server.Times("rebind.test. AAAA")-before6
				// What does not fit into a packet is asked for twice.
				if most := 1 + len(test.script(i))/100; over4 < 1 || over6 < 1 || over4 > most || over6 > most {
					t.Errorf("dial %d asked %d times for A and %d for AAAA", i, over4, over6)
				}
			}
			expectDialled(t, &record, test.to...)
		})
	}
}

// many are A records of public addresses.
func many(n int) (records []string) {
	for i := range n {
		records = append(records, fmt.Sprintf("A 8.8.%d.%d", i/256, i%256))
	}
	return records
}

// Of a name with many addresses few are tried, and all are looked at.
func TestManyAddresses(t *testing.T) {
	server := names(t)
	server.Say("many.test.", func(int) []string { return many(300) })
	var record dialled
	c, err := record.through(&Dialer{Resolver: server.Resolver()}).Dial(context.Background(), Request{Target: parse(t, "ws://many.test/")})
	if got := code(t, c, err); got != wire.TargetUnreachable {
		t.Errorf("got %q", got)
	}
	if got := record.take(); len(got) != mostAddresses {
		t.Errorf("dialled %v", got)
	}
}

// The families take turns, and each attempt goes by the guard's rules.
func TestOrder(t *testing.T) {
	for _, test := range []struct {
		resolved fixed
		want     []string
	}{
		{fixed{"8.8.8.1", "8.8.8.2", "2606:4700::1", "2606:4700::2"}, []string{"8.8.8.1:80", "[2606:4700::1]:80", "8.8.8.2:80", "[2606:4700::2]:80"}},
		{fixed{"2606:4700::1", "8.8.8.1", "8.8.8.2"}, []string{"[2606:4700::1]:80", "8.8.8.1:80", "8.8.8.2:80"}},
		{fixed{"::ffff:8.8.8.1", "8.8.8.2"}, []string{"8.8.8.1:80", "8.8.8.2:80"}},
		{fixed{"8.8.8.1", "8.8.8.2", "8.8.8.3", "8.8.8.4", "8.8.8.5", "8.8.8.6", "8.8.8.7", "2606:4700::1"},
			[]string{"8.8.8.1:80", "[2606:4700::1]:80", "8.8.8.2:80", "8.8.8.3:80", "8.8.8.4:80", "8.8.8.5:80"}},
		{fixed{"8.8.8.1", "2606:4700::1", "127.0.0.1"}, nil},
		{fixed{"8.8.8.1", "2606:4700::1", "8.8.8.2", "8.8.8.3", "8.8.8.4", "8.8.8.5", "8.8.8.6", "8.8.8.7", "fe80::1%lo"}, nil},
		{fixed{}, nil},
	} {
		var record dialled
		c, err := record.through(&Dialer{Resolver: test.resolved}).Dial(context.Background(), Request{Target: parse(t, "ws://any.test/")})
		if err == nil {
			t.Error("connected")
			c.Abort()
		}
		expectDialled(t, &record, test.want...)
	}
}
