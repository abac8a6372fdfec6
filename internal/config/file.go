package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// mostBytes is how large a file may be. It is for what is no configuration at all.
const mostBytes = 1 << 20

// A setting is what a source says of one key.
type setting struct {
	key   *Key
	texts []string
	where string
	line  int        // in the file; else 0
	node  *yaml.Node // of records alone
}

// A file is read into settings and faults. Its nodes are looked at as they were
// written, and never decoded: a value has its line, and an alias leads nowhere.
type file struct {
	name     string
	settings []setting
	faults   Faults
	unread   bool // it is no mapping of keys, so that nothing is known of it
}

func readFile(name string, data []byte) *file {
	f := &file{name: name}
	f.read(data)
	return f
}

func (f *file) read(data []byte) {
	if n := f.document(data); n != nil {
		f.section(n, "")
	}
}

// document is the one that there is; nil: there is none, or a fault.
func (f *file) document(data []byte) *yaml.Node {
	if len(data) > mostBytes {
		f.unread = true
		f.fault(0, "", "it has more than %d bytes: this is not a configuration of polysocket", mostBytes)
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) { // no more than comments
		return nil
	}
	if err == nil {
		if err = decoder.Decode(&second); errors.Is(err, io.EOF) {
			return document.Content[0]
		}
	}
	f.unread = true
	if err != nil {
		f.notYAML(err, data)
	} else {
		f.fault(second.Line, "", "a second document begins here: all stands in one")
	}
	return nil
}

func (f *file) fault(line int, key, format string, args ...any) {
	where := f.name
	if line > 0 {
		where = fmt.Sprintf("%s:%d", f.name, line)
	}
	f.faults = append(f.faults, Fault{Where: where, Key: key, What: fmt.Sprintf(format, args...), line: line})
}

// notYAML says what the YAML reader says, or what it does not see itself: a
// tab, or bytes that are no text.
func (f *file) notYAML(err error, data []byte) {
	line, what := 0, err.Error()
	var e *yaml.LoadError
	if errors.As(err, &e) {
		line, what = e.Mark.Line, e.Message
		if strings.HasPrefix(what, "unknown anchor") { // its name may be a secret
			what = "what begins with * has to stand in quotes"
		}
		if begun := e.ContextMark.Line; begun > 0 && begun < line {
			what += fmt.Sprintf(" (%s, begun in line %d)", e.ContextMsg, begun)
		}
	}
	number := 0
	for text := range bytes.Lines(data) {
		number++
		indent := text[:len(text)-len(bytes.TrimLeft(text, " \t"))]
		switch {
		case !utf8.Valid(text) && line == 0:
			f.fault(number, "", "it is not YAML: this line is not UTF-8")
			return
		case bytes.ContainsRune(indent, '\t') && number <= max(line, 1):
			f.fault(number, "", "a tab indents this line: use spaces")
			return
		}
	}
	f.fault(line, "", "it is not YAML: %s", what)
}

// section reads a mapping: the file itself, whose path is empty, or one below it.
func (f *file) section(n *yaml.Node, path string) {
	switch {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" && n.Style&yaml.TaggedStyle == 0:
		return // nothing stands below it
	case f.strange(n, path):
		return
	case n.Kind != yaml.MappingNode:
		f.fault(n.Line, path, "it is a section: write keys below it, as %s, and not %s", firstKey(path), kindOf(n))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		if name.Kind != yaml.ScalarNode {
			f.fault(name.Line, path, "a key is a word, not %s", kindOf(name))
			continue
		}
		at := strings.TrimPrefix(path+"."+name.Value, ".")
		if line, again := seen[name.Value]; again {
			f.fault(name.Line, at, "it is there twice: the first is in line %d", line)
			continue
		}
		seen[name.Value] = name.Line
		key := find(at)
		switch {
		case name.Value == "<<":
			f.fault(name.Line, path, "<< is not followed here: write the keys themselves")
		case strings.Contains(name.Value, "."): // it would look like a path
			f.fault(name.Line, cut(at), "there is no such key: a dot stands for a section, so write the part behind it below it")
		case isSection(at):
			f.section(value, at)
		case key != nil && key.records:
			f.settings = append(f.settings, setting{key: key, line: name.Line, where: fmt.Sprintf("%s:%d", f.name, name.Line), node: value})
		case key != nil:
			f.value(key, value, name.Line)
		default:
			f.fault(name.Line, cut(at), "there is no such key%s", advice(at))
		}
	}
}

// value reads what stands behind a key: a scalar, or a list of them.
func (f *file) value(key *Key, n *yaml.Node, line int) {
	if f.strange(n, key.Path) {
		return
	}
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode && key.List {
		items = n.Content
	}
	texts := make([]string, 0, len(items))
	for _, item := range items {
		switch {
		case f.strange(item, key.Path):
			return
		case item.Kind != yaml.ScalarNode && key.List:
			f.fault(item.Line, key.Path, "it takes a value or a list of values, not %s", kindOf(item))
			return
		case item.Kind != yaml.ScalarNode:
			f.fault(item.Line, key.Path, "it takes one value, not %s", kindOf(item))
			return
		case item.ShortTag() == "!!null":
			f.fault(item.Line, key.Path, "it has no value: write one, or leave the key out")
			return
		}
		texts = append(texts, item.Value)
		line = max(line, item.Line) // where a value stands below its key, that is where to look
	}
	f.settings = append(f.settings, setting{key: key, texts: texts, where: fmt.Sprintf("%s:%d", f.name, line), line: line})
}

// strange tells whether a node is more than what it says, and that it may not be. It
// does not say which it is: a secret may begin so, and be read as one.
func (f *file) strange(n *yaml.Node, path string) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		f.fault(n.Line, path, "an alias (*) stands here, and they are not followed: write the value itself")
	case n.Style&yaml.TaggedStyle != 0:
		f.fault(n.Line, path, "a tag (!) stands here, and they mean nothing: write the value alone, in quotes where it begins so")
	default:
		return false
	}
	return true
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	return quote(n.Value)
}

// cut shortens what somebody else has made up.
func cut(text string) string {
	const most = 60
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
