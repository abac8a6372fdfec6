package wire

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
)

// Heartbeat is the message that says only that the connection lives.
const Heartbeat = `{"type":"heartbeat"}`

// AppendMessage appends the JSON of one message, as reads carry it:
//
//	{"type":"text","data":"…"}
//	{"type":"binary","data":"<base64>"}
//	{"type":"close","code":1000,"reason":"","wasClean":true}
//
// It holds no '<' and neither U+2028 nor U+2029, so it may stand in a script.
func AppendMessage(dst []byte, f Frame) []byte {
	switch f.Kind {
	case Text:
		dst = append(dst, `{"type":"text","data":`...)
		dst = appendString(dst, f.Data)
	case Binary:
		dst = append(dst, `{"type":"binary","data":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, f.Data)
		dst = append(dst, '"')
	case Close:
		dst = append(dst, `{"type":"close","code":`...)
		dst = strconv.AppendUint(dst, uint64(f.Code), 10)
		dst = append(dst, `,"reason":`...)
		dst = appendString(dst, f.Data)
		dst = append(dst, `,"wasClean":`...)
		dst = strconv.AppendBool(dst, f.Code.Clean())
	}
	return append(dst, '}')
}

// appendString appends text as a JSON string. encoding/json escapes what a
// script must not hold.
func appendString(dst []byte, text []byte) []byte {
	quoted, err := json.Marshal(string(text))
	if err != nil { // a string always marshals
		panic(err)
	}
	return append(dst, quoted...)
}
