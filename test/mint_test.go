package test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// polysocket token says what is wrong, and mints what servers take: those of keys with a
// secret are used in all the tests of keys.
func TestTokenCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pair := func(name string) (private, public string) {
		t.Helper()
		private = filepath.Join(dir, name+".pem")
		for _, args := range [][]string{
			{"genpkey", "-algorithm", "ed25519", "-out", private}, {"pkey", "-in", private, "-pubout", "-out", private + ".pub"},
		} {
			if out, err := exec.CommandContext(t.Context(), "openssl", args...).CombinedOutput(); err != nil {
				t.Fatalf("openssl: %v %s", err, out)
			}
		}
		return private, private + ".pub"
	}
	private, public := pair("acme")
	other, _ := pair("other")
	file := configured(t, meeting(nowhere(t))+`keys:
  - {id: public, public_key: 'file:`+public+`', audience: polysocket, targets: ['wss://ws.example.com/*']}
  - {id: secret, secret: `+fixedSecret+`, targets: ['wss://ws.example.com/*']}
  - {id: jwks, jwks_url: 'https://login.example.com/jwks.json', targets: ['wss://ws.example.com/*']}
  - {id: opaque, tokens: [{sha256: `+strings.Repeat("ab", 32)+`}], targets: ['wss://ws.example.com/*']}
`)
	for _, test := range []struct{ args, want string }{
		{"--key=public --all-targets", "--private-key"},
		{"--key=public --all-targets --private-key=" + other, "would not take"},
		{"--key=public --all-targets --private-key=" + public, "give a PRIVATE KEY"},
		{"--key=public --all-targets --private-key=" + private + " --kid=x", "--kid is for"},
		{"--key=public --private-key=" + private, "or --all-targets"},
		{"--key=secret --all-targets --target=wss://ws.example.com/x", "leave one of them out"},
		{"--key=public --private-key=" + private + " --target=http://x", "target"},
		{"--key=secret --all-targets --private-key=" + private, "leave --private-key"},
		{"--key=secret --all-targets --ttl=0.1s", "TTL"},
		{"--key=jwks --all-targets --private-key=" + private, "--kid"},
		{"--key=opaque --all-targets", "opaque tokens alone"},
		{"--key=none --all-targets", "has no key"},
		{"--all-targets", "--key"},
		{"--key=public --target=wss://ws.example.com/x --limit=3 --private-key=" + private, ""},
		{"--key=jwks --all-targets --kid=2026 --private-key=" + private, ""},
		{"--key=secret --all-targets --subject=x", ""},
	} {
		command := exec.CommandContext(t.Context(), binary, append([]string{"token", "--config=" + file}, strings.Fields(test.args)...)...)
		out, err := command.CombinedOutput()
		text := strings.TrimSpace(string(out))
		switch {
		case test.want != "" && (err == nil || !strings.Contains(text, test.want)):
			t.Errorf("%s: %v %s, want %q", test.args, err, text, test.want)
		case test.want == "" && (err != nil || strings.Count(text, ".") != 2 || strings.Contains(text, " ")):
			t.Errorf("%s: %v %s, want a token", test.args, err, text)
		}
		if strings.Contains(text, fixedSecret) {
			t.Errorf("%s: it says the secret", test.args)
		}
	}
}

// A key that would not hold beside those of the configuration is not kept in Redis.
func TestAddAtOdds(t *testing.T) {
	t.Parallel()
	token := strings.Repeat("ab", 32)
	file := configured(t, meeting(nowhere(t))+`keys:
  - {id: jwks, jwks_url: 'https://login.example.com/jwks.json', targets: ['wss://ws.example.com/*']}
  - {id: opaque, tokens: [{sha256: `+token+`}], targets: ['wss://ws.example.com/*']}
`)
	for record, want := range map[string]string{
		"{id: a, jwks_url: 'https://login.example.com/jwks.json', targets: 'wss://x/*'}": "same jwks_url",
		"{id: a, tokens: [{sha256: " + token + "}], targets: 'wss://x/*'}":               `also one of key "opaque"`,
		"{id: jwks, secret: " + fixedSecret + ", targets: 'wss://x/*'}":                  "that one would hold",
	} {
		command := exec.CommandContext(t.Context(), binary, "keys", "add", "--config="+file)
		command.Stdin = strings.NewReader(record)
		if out, err := command.CombinedOutput(); err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v %s, want %q", record, err, out, want)
		}
	}
}
