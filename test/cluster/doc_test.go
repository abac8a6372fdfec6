package cluster

import (
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/test/process"
)

// operating is docs/operating.md.
func operating(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// What docs/operating.md says to type works as it stands there, but for the ports, which others may have, and the folder
// for what it writes. What it shows comes out, in that order, where … stands for anything.
func TestDoc(t *testing.T) {
	t.Parallel()
	_, part, begins := strings.Cut(operating(t), "\n## Try it on one machine\n")
	part, _, ends := strings.Cut(part, "\n## ")
	if !begins || !ends {
		t.Fatal("docs/operating.md has no part to try it on one machine")
	}
	var script strings.Builder
	var shown []string
	fenced := false
	for line := range strings.Lines(part) {
		switch {
		case strings.HasPrefix(line, "```"):
			fenced = !fenced
		case fenced:
			script.WriteString(line)
		case strings.HasPrefix(line, "    "):
			shown = append(shown, strings.TrimSpace(line))
		}
	}
	if len(shown) < 10 {
		t.Fatalf("it shows only %q", shown)
	}
	var other []string
	for _, port := range []string{"8080", "6379", "8081", "8082", "9001", "9002", "9003"} {
		other = append(other, port, freePort(t))
	}
	typed := strings.NewReplacer(append(other, "/tmp/", t.TempDir()+"/")...).Replace(script.String())
	shell := process.Start(t, "bash", "-euc", "cd ../..\n"+typed)
	if status := shell.Exit(); status != 0 {
		t.Fatalf("exit status %d of\n%s", status, typed)
	}
	rest := shell.Output()
	for _, line := range shown {
		pattern := strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*?")
		at := regexp.MustCompile(pattern).FindStringIndex(rest)
		if at == nil {
			t.Fatalf("it does not print %s, in its turn, but\n%s", line, shell.Output())
		}
		rest = rest[at[1]:]
	}
}

// freePort is a port of 127.0.0.1 that nobody has, nor is given who asks for any.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20000 + rand.IntN(10000))
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("there is no free port")
	return ""
}

// The files that the page shows are those of deploy/, and there are no others but the units, to which it leads.
func TestDocFiles(t *testing.T) {
	t.Parallel()
	page := operating(t)
	err := filepath.WalkDir("../../deploy", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		file, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(filepath.ToSlash(path), "../../")
		_, block, found := strings.Cut(page, "<!-- "+name+" -->\n```")
		_, block, _ = strings.Cut(block, "\n")
		switch {
		case strings.HasPrefix(name, "deploy/systemd/"):
			if base := filepath.Base(name); !strings.Contains(page, strings.TrimSuffix(base, ".service")) && base != "polysocket-router.service" {
				t.Errorf("docs/operating.md does not name %s", name)
			}
		case !found || !strings.HasPrefix(block, string(file)+"```\n"):
			t.Errorf("docs/operating.md does not show %s as it is", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
