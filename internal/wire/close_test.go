package wire_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/internal/wire"
)

func TestCheckClose(t *testing.T) {
	for _, test := range []struct {
		code   wire.CloseCode
		reason string
		want   bool
	}{
		{wire.CloseNoStatus, "", true},
		{wire.CloseNoStatus, "why", false},
		{0, "", false},
		{999, "", false},
		{1000, "", true},
		{1001, "bye", true},
		{1002, "", false},
		{1004, "", false},
		{1006, "", false},
		{1015, "", false},
		{2999, "", false},
		{3000, "", true},
		{4999, "", true},
		{5000, "", false},
		{65535, "", false},
		{1000, strings.Repeat("x", 123), true},
		{1000, strings.Repeat("x", 124), false},
		{1000, strings.Repeat("é", 61) + "x", true},
		{1000, strings.Repeat("é", 62), false},
		{1000, "\xff", false},
	} {
		if err := wire.CheckClose(test.code, []byte(test.reason)); (err == nil) != test.want {
			t.Errorf("%d %q: %v", test.code, test.reason, err)
		}
	}
}

func TestReceivable(t *testing.T) {
	good := []wire.CloseCode{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999}
	bad := []wire.CloseCode{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1999, 2000, 2999, 5000, 65535}
	for _, code := range good {
		if !code.Receivable() {
			t.Errorf("%d may not be in a frame", code)
		}
	}
	for _, code := range bad {
		if code.Receivable() {
			t.Errorf("%d may be in a frame", code)
		}
	}
}

func TestClosePayload(t *testing.T) {
	for _, test := range []struct {
		payload string
		code    wire.CloseCode
		reason  string
	}{
		{"", wire.CloseNoStatus, ""},
		{"\x03\xe8", 1000, ""},
		{"\x0f\xa1why", 4001, "why"},
		{"\xff\xff\xff", 65535, "\xff"}, // the caller judges
	} {
		code, reason, err := wire.ParseClosePayload([]byte(test.payload))
		if err != nil || code != test.code || string(reason) != test.reason {
			t.Errorf("%q: %d %q, %v", test.payload, code, reason, err)
		}
		if got := wire.AppendClosePayload([]byte("x"), test.code, []byte(test.reason)); string(got) != "x"+test.payload {
			t.Errorf("%d %q: %q", test.code, test.reason, got)
		}
	}
	for _, payload := range []string{"\x03", "\x03\xed", "\x03\xedwhy"} {
		if code, reason, err := wire.ParseClosePayload([]byte(payload)); err == nil {
			t.Errorf("%q: %d %q", payload, code, reason)
		}
	}
}

func FuzzClosePayload(f *testing.F) {
	for _, seed := range []string{"", "\x03", "\x03\xe8bye", "\x03\xed"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		code, reason, err := wire.ParseClosePayload(p)
		if err != nil {
			return
		}
		if back := wire.AppendClosePayload(nil, code, reason); !bytes.Equal(back, p) {
			t.Errorf("%x: %d %q, which is %x", p, code, reason, back)
		}
	})
}
