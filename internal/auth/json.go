package auth

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"time"
	"unicode/utf8"
)

var errMalformed = errors.New("malformed JSON")

// readObject reads a JSON object strictly: no name twice, which two readers might
// understand in two ways (RFC 8259 §4), names in their own case, and nothing
// behind it.
func readObject(text []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') || !utf8.Valid(text) {
		return nil, errMalformed
	}
	object := map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if _, twice := object[name]; err != nil || !ok || twice {
			return nil, errMalformed
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, errMalformed
		}
		object[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, errMalformed
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errMalformed
	}
	return object, nil
}

// readText reads a string; null and a value that is not there are none.
func readText(raw json.RawMessage) (string, error) {
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil || s == nil {
		return "", errMalformed
	}
	return *s, nil
}

// readTexts reads an array of strings.
func readTexts(raw json.RawMessage) ([]string, error) {
	var values []json.RawMessage
	if err := json.Unmarshal(raw, &values); err != nil || values == nil {
		return nil, errMalformed
	}
	texts := []string{}
	for _, value := range values {
		s, err := readText(value)
		if err != nil {
			return nil, err
		}
		texts = append(texts, s)
	}
	return texts, nil
}

// lastTime is the end of the year 9999, in seconds since 1970.
const lastTime = 253402300799

// readTime reads a NumericDate (RFC 7519 §2): a number of seconds, which may have
// a fraction.
func readTime(raw json.RawMessage) (time.Time, error) {
	seconds, err := strconv.ParseFloat(string(raw), 64) // JSON has no Inf, NaN or hex
	if err != nil || seconds <= 0 || seconds > lastTime {
		return time.Time{}, errMalformed
	}
	return time.UnixMicro(int64(seconds * 1e6)), nil
}
