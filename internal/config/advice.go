package config

import (
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// advice names what an unknown key may have been meant to be: what is spelt nearly
// so, or has this name in another section.
func advice(unknown string) string {
	section, name := split(unknown)
	var near, elsewhere, siblings []string
	nearest := 1 + max(1, len(name)/3)
	for _, k := range known() {
		in, called := split(k)
		if in == section {
			siblings = append(siblings, k)
		}
		distance := levenshtein.ComputeDistance(plain(name), plain(called))
		switch {
		case len(name) > 64:
		case in == section && distance < nearest:
			near, nearest = []string{k}, distance
		case in == section && distance == nearest && near != nil:
			near = append(near, k)
		case in != section && distance == 0:
			elsewhere = append(elsewhere, k)
		}
	}
	switch {
	case near != nil:
		return ": did you mean " + strings.Join(near, " or ") + "?"
	case elsewhere != nil:
		return ": did you mean " + strings.Join(elsewhere, " or ") + "?"
	case section == "":
		return ": those of the file are " + strings.Join(siblings, ", ")
	}
	return ": those of this section are " + strings.Join(siblings, ", ")
}

// known are the paths of all keys and sections.
func known() []string {
	var paths []string
	for _, k := range keys {
		if section, _ := split(k.Path); section != "" && !slices.Contains(paths, section) {
			paths = append(paths, section)
		}
		paths = append(paths, k.Path)
	}
	return paths
}

// firstKey is one that stands in a section, for examples; of the file, where it has
// no name.
func firstKey(section string) string {
	for _, k := range keys {
		if in, _ := split(k.Path); in == section {
			return k.Path
		}
	}
	return section
}

func split(path string) (section, name string) {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

// plain is a name without what people write differently.
func plain(name string) string {
	return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name))
}
