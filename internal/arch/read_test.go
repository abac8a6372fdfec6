package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// A file is a source file, as far as the law is concerned.
type file struct {
	name       string // its path in the module
	room       string // its directory in the module
	test       bool
	imports    map[string]token.Position // by import path
	uses       []reference
	documented bool // it has a package comment
}

// A reference is a name of another package, as time.Sleep.
type reference struct {
	pkg, name string
	at        token.Position
	testMain  bool // inside a TestMain
}

// moduleRoot is the directory above with a go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no go.mod in this directory or above it")
		}
		dir = parent
	}
	return "", err
}

// readModule reads the Go files of a module: all of them, whatever system they
// are built for. Modules inside it are not of it.
func readModule(root string) ([]file, error) {
	var files []file
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return skip(root, name)
		case filepath.Ext(name) != ".go":
			return nil
		}
		f, err := readFile(root, name)
		files = append(files, f)
		return err
	})
	return files, err
}

// skip is fs.SkipDir for the directories that go build skips too.
func skip(root, dir string) error {
	if dir == root {
		return nil
	}
	base := filepath.Base(dir)
	if base == "testdata" || base == "vendor" || base == "node_modules" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

func readFile(root, name string) (file, error) {
	relative, err := filepath.Rel(root, name)
	if err != nil {
		return file{}, err
	}
	f := file{name: filepath.ToSlash(relative), test: strings.HasSuffix(name, "_test.go"), imports: map[string]token.Position{}}
	f.room = path.Dir(f.name)
	source, err := os.ReadFile(name)
	if err != nil {
		return f, err
	}
	positions := token.NewFileSet()
	parsed, err := parser.ParseFile(positions, f.name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return f, err
	}
	f.documented = strings.TrimSpace(parsed.Doc.Text()) != ""
	names := make(map[string]string) // import paths by the name in this file
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return f, err
		}
		f.imports[imported] = positions.Position(spec.Pos())
		local := path.Base(imported)
		if spec.Name != nil {
			local = spec.Name.Name
		}
		names[local] = imported
	}
	for _, declaration := range parsed.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		testMain := ok && f.test && function.Recv == nil && function.Name.Name == "TestMain"
		ast.Inspect(declaration, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := selector.X.(*ast.Ident); ok && names[x.Name] != "" {
				f.uses = append(f.uses, reference{names[x.Name], selector.Sel.Name, positions.Position(selector.Pos()), testMain})
			}
			return true
		})
	}
	return f, nil
}
