package wire_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/polysocket/polysocket/internal/wire"
)

// vectorsDir holds the golden vectors. Its README says what they are; the
// JavaScript tests read them, too.
const vectorsDir = "../../conformance/vectors"

// vectorReaders has what a file of vectors is held to.
var vectorReaders = map[string]func(t *testing.T, data []byte){
	"base64.json":    readBase64,
	"batch.json":     readBatch,
	"closecode.json": readCloseCode,
	"jsonp.json":     readJSONP,
	"message.json":   readMessage,
	"stream.json":    readStream,
	"text.json":      readText,
}

func TestVectors(t *testing.T) {
	entries, err := os.ReadDir(vectorsDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); name != "README.md" && vectorReaders[name] == nil {
			t.Errorf("%s/%s: nothing here reads it: give it a row in vectorReaders", vectorsDir, name)
		}
	}
	for name, read := range vectorReaders {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(vectorsDir + "/" + name)
			if err != nil {
				t.Fatal(err)
			}
			read(t, data)
		})
	}
}

// unmarshal reads a file of vectors into a struct of lists, none of which may be
// empty.
func unmarshal(t *testing.T, data []byte, lists any) {
	t.Helper()
	if err := strictly(data, lists); err != nil {
		t.Fatal(err)
	}
	v := reflect.ValueOf(lists).Elem()
	for i := range v.NumField() {
		if v.Field(i).Len() == 0 {
			t.Errorf("there are no %s", v.Type().Field(i).Name)
		}
	}
}

// strictly is json.Unmarshal that lets no name pass which v does not have.
func strictly(data []byte, v any) error {
	in := json.NewDecoder(bytes.NewReader(data))
	in.DisallowUnknownFields()
	err := in.Decode(v)
	if err == nil && in.More() {
		err = errors.New("something follows")
	}
	return err
}

// A compact is a string as the vectors have it: a JSON string, {"repeat":…,"times":…}, or a
// list of those, which are joined.
type compact string

func (c *compact) UnmarshalJSON(data []byte) error {
	switch data[0] {
	case '"':
		return json.Unmarshal(data, (*string)(c))
	case '[':
		var parts []compact
		err := json.Unmarshal(data, &parts)
		for _, part := range parts {
			*c += part
		}
		return err
	}
	var short struct {
		Repeat string
		Times  int
	}
	err := strictly(data, &short)
	if err == nil && (short.Repeat == "" || short.Times < 1) {
		err = errors.New("nothing is repeated: " + string(data))
	}
	if err == nil {
		*c = compact(strings.Repeat(short.Repeat, short.Times))
	}
	return err
}

// octets are bytes in hexadecimal digits, which may be repeated.
type octets []byte

func (o *octets) UnmarshalJSON(data []byte) error {
	var digits compact
	err := digits.UnmarshalJSON(data)
	if err == nil {
		*o, err = hex.DecodeString(string(digits))
	}
	return err
}

// A vectorFrame is a frame as a client has it.
type vectorFrame struct {
	wire.Frame
	wasClean *bool
}

func (f *vectorFrame) UnmarshalJSON(data []byte) error {
	var in struct {
		Kind     string
		Data     json.RawMessage
		More     bool
		Code     *wire.CloseCode
		WasClean *bool
	}
	if err := strictly(data, &in); err != nil {
		return err
	}
	if len(in.Kind) != 1 {
		return errors.New("no frame: " + string(data))
	}
	f.wasClean = in.WasClean
	f.Frame = wire.Frame{Kind: wire.Kind(in.Kind[0]), More: in.More}
	switch {
	case in.Code != nil:
		f.Code = *in.Code
	case f.Kind == wire.Close:
		f.Code = wire.CloseNoStatus
	}
	if f.Kind == wire.Binary {
		return json.Unmarshal(in.Data, (*octets)(&f.Data))
	}
	var text compact
	err := json.Unmarshal(in.Data, &text)
	f.Data = []byte(text)
	return err
}

func readBatch(t *testing.T, data []byte) {
	var v struct {
		Batches, Refused []struct {
			Name   string
			Frames []vectorFrame
			Body   octets
		}
	}
	unmarshal(t, data, &v)
	for _, test := range v.Batches {
		t.Run(test.Name, func(t *testing.T) {
			var want []wire.Frame
			var body []byte
			for _, f := range test.Frames {
				want = append(want, f.Frame)
				body = appendWhole(body, f.Frame)
			}
			if !bytes.Equal(body, test.Body) {
				t.Errorf("written, it is %.100x", body)
			}
			got, err := parseBatch(slices.Clone(test.Body), roomy)
			if err != nil || !same(got, want) {
				t.Errorf("read, it is %.100v, %v", got, err)
			}
		})
	}
	for _, test := range v.Refused {
		t.Run(test.Name, func(t *testing.T) {
			if got, err := parseBatch(test.Body, roomy); err == nil {
				t.Errorf("read, it is %.100v", got)
			}
		})
	}
}

func readStream(t *testing.T, data []byte) {
	var v struct {
		Frames []struct {
			Name   string
			Frames []vectorFrame
			Body   octets
		}
		Events []struct {
			Name   string
			Number uint64
			Frame  vectorFrame
			Event  compact
		}
	}
	unmarshal(t, data, &v)
	ping := []byte(wire.Ping)
	for _, test := range v.Frames {
		t.Run(test.Name, func(t *testing.T) {
			body := bytes.ReplaceAll(test.Body, ping, nil)
			if strings.Contains(test.Name, "heartbeat") == (len(body) == len(test.Body)) {
				t.Errorf("the heartbeat is %x", ping)
			}
			got := []byte{}
			for _, f := range test.Frames {
				got = wire.AppendFrame(got, f.Frame)
			}
			if !bytes.Equal(got, body) {
				t.Errorf("written, it is %.100x", got)
			}
		})
	}
	for _, test := range v.Events {
		t.Run(test.Name, func(t *testing.T) {
			if got := wire.AppendEvent(nil, test.Number, test.Frame.Frame); string(got) != string(test.Event) {
				t.Errorf("written, it is %s", got)
			}
		})
	}
}

// appendWhole appends the frame as one of RFC 6455, not masked.
func appendWhole(dst []byte, f wire.Frame) []byte {
	h := wire.Header{Fin: true, Opcode: map[wire.Kind]wire.Opcode{wire.Text: wire.OpText, wire.Binary: wire.OpBinary, wire.Close: wire.OpClose}[f.Kind]}
	payload := f.Data
	if f.Kind == wire.Close {
		payload = wire.AppendClosePayload(nil, f.Code, f.Data)
	}
	h.Length = int64(len(payload))
	return append(wire.AppendHeader(dst, h), payload...)
}

func readMessage(t *testing.T, data []byte) {
	var v struct {
		Messages []struct {
			Name  string
			Frame vectorFrame
			JSON  compact
		}
		Answers []struct {
			Name   string
			Seq    uint64
			Frames []vectorFrame
			Body   string
		}
	}
	unmarshal(t, data, &v)
	for _, test := range v.Messages {
		t.Run(test.Name, func(t *testing.T) {
			f := test.Frame
			if diff := cmp.Diff(string(test.JSON), string(wire.AppendMessage(nil, f.Frame))); diff != "" {
				t.Errorf("(-vector +ours):\n%s", diff)
			}
			if f.Kind == wire.Close && (f.wasClean == nil || *f.wasClean != f.Code.Clean()) {
				t.Error("wasClean is missing or wrong")
			}
		})
	}
	for _, test := range v.Answers {
		t.Run(test.Name, func(t *testing.T) {
			var body struct {
				OK       bool
				Seq      uint64
				Messages []json.RawMessage
			}
			if err := json.Unmarshal([]byte(test.Body), &body); err != nil || !body.OK || body.Seq != test.Seq || body.Messages == nil {
				t.Fatalf("%s: %v", test.Body, err)
			}
			var got, want []string
			for _, message := range body.Messages {
				if string(message) != wire.Heartbeat {
					got = append(got, string(message))
				}
			}
			for _, f := range test.Frames {
				want = append(want, string(wire.AppendMessage(nil, f.Frame)))
			}
			if diff := cmp.Diff(got, want); diff != "" {
				t.Errorf("(-vector +ours):\n%s", diff)
			}
		})
	}
}

func readText(t *testing.T, data []byte) {
	var v struct {
		Strings []struct {
			Name              string
			Units, WellFormed units
			UTF8              octets
		}
		NotUTF8 []struct {
			Name string
			UTF8 octets
		}
	}
	unmarshal(t, data, &v)
	isUTF8 := func(b []byte) bool {
		var u wire.UTF8
		return u.Write(b) && u.Done()
	}
	for _, test := range v.Strings {
		t.Run(test.Name, func(t *testing.T) {
			decoded := utf16.Decode(test.Units) // with U+FFFD for what stands alone
			if string(decoded) != string(test.UTF8) || !isUTF8(test.UTF8) {
				t.Errorf("in UTF-8 it is %x", string(decoded))
			}
			if got := utf16.Encode(decoded); !slices.Equal(got, test.WellFormed) {
				t.Errorf("well-formed, it is %04x", got)
			}
		})
	}
	for _, test := range v.NotUTF8 {
		if isUTF8(test.UTF8) {
			t.Errorf("%s: %x is taken for UTF-8", test.Name, test.UTF8)
		}
	}
}

// units are UTF-16 code units in hexadecimal digits, with spaces between. They
// do not stand as a JSON string because encoding/json would mend it.
type units []uint16

func (u *units) UnmarshalJSON(data []byte) error {
	var s string
	err := json.Unmarshal(data, &s)
	for unit := range strings.FieldsSeq(s) {
		n, bad := strconv.ParseUint(unit, 16, 16)
		err = errors.Join(err, bad)
		*u = append(*u, uint16(n))
	}
	return err
}

func readBase64(t *testing.T, data []byte) {
	var v struct {
		Encodings []struct {
			Bytes         octets
			Standard, URL compact
		}
		Accepted []struct {
			Name   string
			Base64 compact
			Bytes  octets
		}
		Malformed []struct {
			Name   string
			Base64 compact
		}
	}
	unmarshal(t, data, &v)
	decode := func(s compact, want []byte) {
		if got, err := wire.DecodeBase64(string(s)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%.100q: %.100x, %v", s, got, err)
		}
	}
	for _, test := range v.Encodings {
		decode(test.Standard, test.Bytes)
		decode(test.URL, test.Bytes)
		if got := base64.StdEncoding.EncodeToString(test.Bytes); got != string(test.Standard) {
			t.Errorf("%.100x: %.100q", test.Bytes, got)
		}
		if got := base64.RawURLEncoding.EncodeToString(test.Bytes); got != string(test.URL) {
			t.Errorf("%.100x: %.100q", test.Bytes, got)
		}
	}
	for _, test := range v.Accepted {
		decode(test.Base64, test.Bytes)
	}
	for _, test := range v.Malformed {
		if got, err := wire.DecodeBase64(string(test.Base64)); err == nil {
			t.Errorf("%s: %.100x", test.Name, got)
		}
	}
}

func readJSONP(t *testing.T, data []byte) {
	var v struct {
		Bodies []struct {
			Callback, JSON, Body string
		}
		Valid, Invalid []compact
	}
	unmarshal(t, data, &v)
	for _, test := range v.Bodies {
		before, behind := wire.JSONP(test.Callback)
		if got := string(before) + test.JSON + string(behind); got != test.Body {
			t.Errorf("%s: %s", test.Body, got)
		}
		if !wire.ValidCallback(test.Callback) || !json.Valid([]byte(test.JSON)) || strings.ContainsAny(test.JSON, "<\u2028\u2029") {
			t.Errorf("%s: may not stand in a script", test.Body)
		}
	}
	for _, callback := range v.Valid {
		if !wire.ValidCallback(string(callback)) {
			t.Errorf("%q is valid", callback)
		}
	}
	for _, callback := range v.Invalid {
		if wire.ValidCallback(string(callback)) {
			t.Errorf("%q is not valid", callback)
		}
	}
}

func readCloseCode(t *testing.T, data []byte) {
	var v struct {
		Codes []struct {
			Code                 wire.CloseCode
			Send, Receive, Clean bool
		}
		Reasons []struct {
			Name   string
			Code   wire.CloseCode
			Reason compact
			Send   bool
		}
	}
	unmarshal(t, data, &v)
	for _, test := range v.Codes {
		if err := wire.CheckClose(test.Code, nil); (err == nil) != test.Send {
			t.Errorf("a client that closes with %d: %v", test.Code, err)
		}
		if test.Code.Receivable() != test.Receive {
			t.Errorf("%d from a target: %v", test.Code, !test.Receive)
		}
		if test.Code.Clean() != test.Clean {
			t.Errorf("%d is clean: %v", test.Code, !test.Clean)
		}
	}
	for _, test := range v.Reasons {
		if err := wire.CheckClose(test.Code, []byte(test.Reason)); (err == nil) != test.Send {
			t.Errorf("%s: %v", test.Name, err)
		}
	}
}
