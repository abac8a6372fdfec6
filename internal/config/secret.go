package config

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
)

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// lineEnd is what may stand behind a secret, wherever that comes from, and is none of it.
const lineEnd = "\r\n"

// resolve is the text that a secret's setting leads to: what env:NAME or file:PATH
// holds, or what it says itself.
func (r *reading) resolve(s setting) (string, error) {
	text := strings.TrimRight(s.texts[0], lineEnd)
	if name, ok := strings.CutPrefix(text, "env:"); ok {
		if !variable.MatchString(name) {
			return "", errors.New("behind env: comes the name of an environment variable, as env:POLYSOCKET_SECRET")
		}
		value, _ := r.Env(name)
		if value = strings.TrimRight(value, lineEnd); value == "" {
			return "", fmt.Errorf("the environment variable %s is not set: it is to hold the value", name)
		}
		return value, nil
	}
	if name, ok := strings.CutPrefix(text, "file:"); ok {
		if name == "" {
			return "", errors.New("behind file: comes the path of a file, as file:/run/secrets/polysocket")
		}
		if s.line > 0 && !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(r.File), name)
		}
		data, err := r.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("it cannot be read: %w", err)
		}
		value := string(bytes.TrimRight(data, lineEnd))
		if value == "" {
			return "", fmt.Errorf("%s is empty: it is to hold the value", name)
		}
		return value, nil
	}
	if text == "" {
		return "", errors.New("it is empty")
	}
	return text, nil
}

// leastHidden is how long a piece is that is taken out of an error. What is shorter
// is a word of it by chance.
const leastHidden = 6

// redact takes a secret, and the password of one that is a URL, out of what is said
// about it.
func redact(what, secret string) string {
	pieces := []string{secret}
	if _, rest, ok := strings.Cut(secret, "://"); ok {
		if user, _, ok := cutLast(rest, "@"); ok {
			_, password, _ := strings.Cut(user, ":")
			plain, _ := url.PathUnescape(password)
			pieces = append(pieces, user, password, plain)
		}
	}
	for _, piece := range pieces {
		if len(piece) >= leastHidden {
			what = strings.ReplaceAll(what, piece, hidden)
		}
	}
	return what
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
