package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/polysocket/polysocket/internal/auth"
)

// A record is one key of a customer's, as it is read. What is said about it holds no
// value that might be a secret.
type record struct {
	*reading
	key   auth.Key
	at    string // keys[0]
	line  int
	lines map[string]int // where its fields stand
}

func (c *record) fault(n *yaml.Node, field, format string, args ...any) {
	c.recordFault(n.Line, c.at+field, fmt.Sprintf(format, args...))
}

func (c *record) read(n *yaml.Node) {
	before := len(c.faults)
	c.fields(n, "", map[string]func(string, *yaml.Node){
		"id":         c.text(&c.key.ID),
		"secret":     c.hidden(&c.key.Secret),
		"public_key": c.hidden(&c.key.PublicKey),
		"jwks_url":   c.text(&c.key.JWKSURL),
		"audience":   c.text(&c.key.Audience),
		"tokens":     c.tokens,
		"revoked":    c.texts(&c.key.Revoked),
		"origins":    c.texts(&c.key.Origins),
		"targets":    c.texts(&c.key.Targets),
		"jsonp": func(field string, n *yaml.Node) {
			if text, ok := c.scalar(field, n); ok {
				jsonp, err := parseBool(text)
				c.check(field, n, err)
				c.key.NoJSONP = !jsonp
			}
		},
		"limit":     c.count(&c.key.Limit),
		"key_limit": c.count(&c.key.KeyLimit),
		"rate": func(field string, n *yaml.Node) {
			if text, ok := c.scalar(field, n); ok {
				var err error
				c.key.Rate, err = parseRate(text)
				c.check(field, n, err)
			}
		},
	})
	if len(c.faults) > before {
		return
	}
	if err := c.key.Validate(); err != nil {
		for _, what := range strings.Split(err.Error(), "\n") {
			for _, secret := range []string{c.key.Secret, c.key.PublicKey} {
				what = redact(what, secret)
			}
			line := c.line
			for field, at := range c.lines {
				if strings.HasPrefix(what, field+":") || strings.HasPrefix(what, field+"[") {
					line = at
				}
			}
			c.recordFault(line, c.at+c.named(), shorten(what))
		}
	}
}

// named is the key's id behind its place, for who counts badly.
func (c *record) named() string {
	if c.key.ID == "" {
		return ""
	}
	return " (" + cut(c.key.ID) + ")"
}

// fields reads a mapping, each field by its own reader.
func (c *record) fields(n *yaml.Node, path string, readers map[string]func(string, *yaml.Node)) {
	if n.Kind != yaml.MappingNode || n.Style&yaml.TaggedStyle != 0 {
		c.fault(n, path, "a mapping stands here, as %s", map[bool]string{true: "id: acme", false: "sha256: and limit:"}[path == ""])
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		read := readers[name.Value]
		switch {
		case name.Kind != yaml.ScalarNode || read == nil:
			c.fault(name, path, "%s is no field of a key: those are %s", quote(name.Value), strings.Join(slices.Sorted(maps.Keys(readers)), ", "))
		case seen[name.Value]:
			c.fault(name, path+"."+name.Value, "it is there twice")
		default:
			seen[name.Value] = true
			if path == "" {
				c.lines[name.Value] = name.Line
			}
			read(path+"."+name.Value, value)
		}
	}
}

// scalar is a value that is one text.
func (c *record) scalar(field string, n *yaml.Node) (string, bool) {
	switch {
	case n.Kind == yaml.AliasNode:
		c.fault(n, field, "an alias (*) stands here, and they are not followed: write the value itself")
	case n.Kind != yaml.ScalarNode:
		c.fault(n, field, "it takes one value")
	case n.Style&yaml.TaggedStyle != 0:
		c.fault(n, field, "a tag (!) stands here, and they mean nothing: write the value alone, in quotes where it begins so")
	case n.ShortTag() == "!!null" || n.Value == "":
		c.fault(n, field, "it has no value: write one, or leave the field out")
	default:
		return n.Value, true
	}
	return "", false
}

func (c *record) check(field string, n *yaml.Node, err error) {
	if err != nil {
		c.fault(n, field, "%v", err)
	}
}

func (c *record) text(to *string) func(string, *yaml.Node) {
	return func(field string, n *yaml.Node) { *to, _ = c.scalar(field, n) }
}

// hidden is a text that may stand elsewhere, by env: or file:.
func (c *record) hidden(to *string) func(string, *yaml.Node) {
	return func(field string, n *yaml.Node) {
		if text, ok := c.scalar(field, n); ok {
			var err error
			*to, err = c.resolve(setting{texts: []string{text}, line: n.Line})
			c.check(field, n, err)
		}
	}
}

func (c *record) texts(to *[]string) func(string, *yaml.Node) {
	return func(field string, n *yaml.Node) {
		items := []*yaml.Node{n}
		if n.Kind == yaml.SequenceNode {
			items = n.Content
		}
		for _, item := range items {
			if text, ok := c.scalar(field, item); ok {
				*to = append(*to, text)
			}
		}
	}
}

func (c *record) count(to *int) func(string, *yaml.Node) {
	return func(field string, n *yaml.Node) {
		if text, ok := c.scalar(field, n); ok {
			var err error
			*to, err = parseCount(text)
			c.check(field, n, err)
		}
	}
}

func (c *record) tokens(field string, n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		c.fault(n, field, "it takes a list, as - sha256: and what printf %%s \"$token\" | openssl sha256 prints")
		return
	}
	for i, item := range n.Content {
		var t auth.OpaqueToken
		c.fields(item, fmt.Sprintf("%s[%d]", field, i), map[string]func(string, *yaml.Node){
			"sha256": c.text(&t.SHA256),
			"limit":  c.count(&t.Limit),
		})
		c.key.Tokens = append(c.key.Tokens, t)
	}
}

// shorten cuts what repeats values that may be long.
func shorten(what string) string {
	const most = 400
	if len(what) > most {
		return strings.ToValidUTF8(what[:most], "") + "…"
	}
	return what
}
