package wire_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/polysocket/polysocket/internal/wire"
)

func TestAppendMessage(t *testing.T) {
	for _, test := range []struct {
		frame wire.Frame
		want  string
	}{
		{wire.Frame{Kind: wire.Text}, `{"type":"text","data":""}`},
		{wire.Frame{Kind: wire.Text, Data: []byte("a\"\\\n\x00é\uFFFD")}, `{"type":"text","data":"a\"\\\n\u0000é�"}`},
		{wire.Frame{Kind: wire.Text, Data: []byte("</script>\u2028\u2029")}, `{"type":"text","data":"\u003c/script\u003e\u2028\u2029"}`},
		{wire.Frame{Kind: wire.Binary}, `{"type":"binary","data":""}`},
		{wire.Frame{Kind: wire.Binary, Data: []byte("\xfb\xff")}, `{"type":"binary","data":"+/8="}`},
		{wire.Frame{Kind: wire.Close, Code: 1000}, `{"type":"close","code":1000,"reason":"","wasClean":true}`},
		{wire.Frame{Kind: wire.Close, Code: 1005}, `{"type":"close","code":1005,"reason":"","wasClean":true}`},
		{wire.Frame{Kind: wire.Close, Code: 1006}, `{"type":"close","code":1006,"reason":"","wasClean":false}`},
		{wire.Frame{Kind: wire.Close, Code: 4999, Data: []byte("<")}, `{"type":"close","code":4999,"reason":"\u003c","wasClean":true}`},
	} {
		if got := string(wire.AppendMessage([]byte("["), test.frame)); got != "["+test.want {
			t.Errorf("%+v:\n got %s\nwant [%s", test.frame, got, test.want)
		}
	}
}

func TestHeartbeat(t *testing.T) {
	if wire.Heartbeat != `{"type":"heartbeat"}` {
		t.Error(wire.Heartbeat)
	}
}

func FuzzMessage(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text), uint16(1000))
	}
	f.Add([]byte("</script><!--\u2028\u2029"), uint16(1006))
	f.Fuzz(func(t *testing.T, data []byte, code uint16) {
		for _, kind := range []wire.Kind{wire.Text, wire.Binary, wire.Close} {
			if kind != wire.Binary && !utf8.Valid(data) {
				continue
			}
			object := wire.AppendMessage(nil, wire.Frame{Kind: kind, Code: wire.CloseCode(code), Data: data})
			if strings.ContainsAny(string(object), "<\u2028\u2029") {
				t.Errorf("%q may not stand in a script", object)
			}
			var got struct {
				Type, Reason string
				Data         json.RawMessage
				Code         int
				WasClean     *bool
			}
			if err := json.Unmarshal(object, &got); err != nil {
				t.Fatalf("%q: %v", object, err)
			}
			switch kind {
			case wire.Text:
				var back string
				if err := json.Unmarshal(got.Data, &back); err != nil || back != string(data) || got.Type != "text" {
					t.Errorf("%q: %q, %v", object, back, err)
				}
			case wire.Binary:
				var back []byte
				if err := json.Unmarshal(got.Data, &back); err != nil || !bytes.Equal(back, data) || got.Type != "binary" {
					t.Errorf("%q: %q, %v", object, back, err)
				}
			case wire.Close:
				if got.Type != "close" || got.Reason != string(data) || got.Code != int(code) || got.WasClean == nil || *got.WasClean != (code != 1006) {
					t.Errorf("%q: %+v", object, got)
				}
			}
		}
	})
}
