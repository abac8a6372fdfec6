package arch

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A law is the tables of law_test.go, so that a test can have its own.
type law struct {
	rooms     map[string]room
	testTools []string
	uses      []use
}

// check returns a sentence for each way in which the files break the law, in
// order.
func (l law) check(files []file) []string {
	var broken []string
	report := func(format string, args ...any) { broken = append(broken, fmt.Sprintf(format, args...)) }

	inhabited := make(map[string]bool)
	documented := make(map[string]bool)
	bubbles := make(map[string]bool) // whose tests run rapid in a bubble
	for _, f := range files {
		inhabited[f.room] = true
		documented[f.room] = documented[f.room] || f.documented
		bubbles[f.room] = bubbles[f.room] || slices.ContainsFunc(f.uses, func(r reference) bool {
			return r.pkg == "pgregory.net/rapid" && r.name == "SyncTest"
		})
	}
	for _, name := range slices.Sorted(maps.Keys(inhabited)) {
		if _, ok := l.rooms[name]; !ok {
			report("%s is a package that is not in the table: give it a row, with the sentence that says why it exists", name)
		}
		if !documented[name] {
			report("%s has no package comment", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.rooms)) {
		if !inhabited[name] {
			report("%s is in the table, and there is no such package: take the row out", name)
		}
	}
	for _, f := range files {
		l.checkImports(f, report)
		l.checkUses(f, report)
		if f.test && !f.bubble(bubbles[f.room]) {
			for _, r := range f.uses {
				if r.pkg == "time" && r.name == "Sleep" {
					report("%s: a test that sleeps: wait for a condition with a deadline, or use testing/synctest", r.at)
				}
			}
		}
	}
	return broken
}

// bubble tells whether time may be virtual in a file: it makes a bubble, or is of
// the state machines of a room whose rapid tests make one.
func (f file) bubble(rapid bool) bool {
	_, synctest := f.imports["testing/synctest"]
	_, machine := f.imports["pgregory.net/rapid"]
	return synctest || machine && rapid
}

func (l law) checkImports(f file, report func(string, ...any)) {
	room, ok := l.rooms[f.room]
	if !ok {
		return // reported already
	}
	for _, imported := range slices.Sorted(maps.Keys(f.imports)) {
		name, ours := strings.CutPrefix(imported, module+"/")
		standard := !strings.Contains(strings.Split(imported, "/")[0], ".")
		switch {
		case standard, slices.Contains(room.imports, name):
		case f.test && (slices.Contains(room.tests, name) || slices.Contains(l.testTools, name)):
		case f.test && ours && name == f.room: // the tests of package x_test
		default:
			report("%s: %s may not import %s: %s", f.imports[imported], f.room, name, room.why)
		}
	}
}

func (l law) checkUses(f file, report func(string, ...any)) {
	for _, u := range l.uses {
		if slices.Contains(u.in, f.room) || f.test && u.inTests {
			continue
		}
		if at, ok := f.imports[u.of]; ok && len(u.names) == 0 && !(u.testMain && f.onlyTestMain(u.of)) {
			report("%s: %s may not import %s: %s", at, f.room, u.of, u.why)
		}
		for _, r := range f.uses {
			if r.pkg == u.of && slices.ContainsFunc(u.names, func(pattern string) bool { return match(pattern, r.name) }) && !(u.testMain && r.testMain) {
				report("%s: %s may not use %s.%s: %s", r.at, f.room, r.pkg, r.name, u.why)
			}
		}
	}
}

// onlyTestMain tells whether a file uses a package inside TestMain alone.
func (f file) onlyTestMain(pkg string) bool {
	return !slices.ContainsFunc(f.uses, func(r reference) bool { return r.pkg == pkg && !r.testMain })
}

func match(pattern, name string) bool {
	prefix, ok := strings.CutSuffix(pattern, "*")
	return name == pattern || ok && strings.HasPrefix(name, prefix)
}

// unused lists what the table allows and nobody does: a law that is wider than
// the house is no law.
func (l law) unused(files []file) []string {
	var wide []string
	for name, room := range l.rooms {
		for _, allowed := range room.imports {
			if !slices.ContainsFunc(files, func(f file) bool {
				_, ours := f.imports[module+"/"+allowed]
				_, foreign := f.imports[allowed]
				return !f.test && f.room == name && (ours || foreign)
			}) {
				wide = append(wide, fmt.Sprintf("%s may import %s, and does not: take it out", name, allowed))
			}
		}
	}
	slices.SortFunc(wide, cmp.Compare[string])
	return wide
}
