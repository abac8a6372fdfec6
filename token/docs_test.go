package token_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/auth"
)

// The programs of docs/tokens.md make tokens that the server takes. Those of the
// languages that the build needs anyhow, or that every machine has, must run; the
// others where they are installed.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../docs/tokens.md")
	if err != nil {
		t.Fatal(err)
	}
	programs := map[string][]string{}
	for _, block := range regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		programs[block[1]] = append(programs[block[1]], block[2])
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	privatePEM := pemOf(t, "PRIVATE KEY", der, err)
	rings := map[bool]*auth.Keys{
		false: ringOf(t, auth.Key{Secret: string(secret)}),
		true:  ringOf(t, auth.Key{PublicKey: publicPEM(t, private)}),
	}
	languages := []struct {
		name, file string
		command    []string // before the file
		everywhere bool
		public     bool // the server has a public key
	}{
		{"go", "main.go", []string{"go", "run"}, true, false},
		{"js", "mint.cjs", []string{"node"}, true, false},
		{"python", "mint.py", []string{"python3"}, true, false},
		{"php", "mint.php", []string{"php"}, false, false},
		{"ruby", "mint.rb", []string{"ruby"}, false, false},
		{"sh", "mint.sh", []string{"sh", "-eu"}, true, true},
	}
	if len(programs) != len(languages) {
		t.Errorf("there are %d languages on the page, and %d here", len(programs), len(languages))
	}
	t.Setenv("ACME_SECRET", string(secret))
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range languages {
		t.Run(language.name, func(t *testing.T) {
			if len(programs[language.name]) != 1 {
				t.Fatalf("%d programs", len(programs[language.name]))
			}
			if _, err := exec.LookPath(language.command[0]); err != nil && !language.everywhere {
				t.Logf("not run: %v", err)
				return
			}
			dir := t.TempDir()
			file := filepath.Join(dir, language.file)
			if err := os.WriteFile(file, []byte(programs[language.name][0]), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "acme.pem"), privatePEM, 0o600); err != nil {
				t.Fatal(err)
			}
			command := exec.CommandContext(t.Context(), language.command[0], append(language.command[1:], file)...)
			if command.Dir = dir; language.name == "go" {
				command.Dir = root // the module that it imports
			}
			var failure bytes.Buffer
			command.Stderr = &failure
			text, err := command.Output()
			if err != nil {
				t.Fatalf("%v: %s", err, &failure)
			}
			ring := rings[language.public]
			minted := strings.TrimSuffix(string(text), "\n")
			grant, err := ask(t, ring, minted, "wss://ws.example.com/users/42/inbox")
			if left := time.Until(grant.Expires); err != nil || grant.Limit != 10 || left > 5*time.Minute || left < 4*time.Minute {
				t.Errorf("%q: %+v, %v", minted, grant, err)
			}
			if _, err := ask(t, ring, minted, "wss://ws.example.com/users/43/inbox"); err == nil {
				t.Error("the token allows more than its targets")
			}
		})
	}
}
