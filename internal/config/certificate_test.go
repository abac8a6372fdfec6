package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"math/big"
	"strings"
	"testing"
	"time"
)

// pair makes a certificate for names that lasts an hour, and its key.
func pair(t *testing.T, names ...string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: names, NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return encode("CERTIFICATE", der), encode("PRIVATE KEY", keyDER)
}

// withFiles are sources beside which there are files.
func withFiles(yaml string, files map[string]string) Sources {
	s := sources(needed + yaml)
	s.File = "/etc/p/polysocket.yaml"
	s.ReadFile = func(name string) ([]byte, error) {
		if data, ok := files[name]; ok {
			return []byte(data), nil
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return s
}

func TestTLS(t *testing.T) {
	cert, key := pair(t)
	const yaml = "tls: {cert: cert.pem, key: /abs/key.pem, target_ca: ca.pem}"
	files := map[string]string{"/etc/p/cert.pem": cert, "/abs/key.pem": key, "/etc/p/ca.pem": cert}
	a := read(t, withFiles(yaml, files))
	if a.TLS.Certificate == nil || string(a.TLS.CAs) != cert || a.TLS.Cert != "/etc/p/cert.pem" {
		t.Errorf("%+v", a.TLS)
	}
	// By a flag a path begins where the process is.
	flags := withFiles("", map[string]string{"cert.pem": cert, "key.pem": key})
	flags.Flags = map[string][]string{"tls.cert": {"cert.pem"}, "tls.key": {"key.pem"}}
	if c := read(t, flags); c.TLS.Certificate == nil {
		t.Errorf("%+v", c.TLS)
	}
	// Other files of the same names are a change.
	other, otherKey := pair(t)
	b := read(t, withFiles(yaml, map[string]string{"/etc/p/cert.pem": other, "/abs/key.pem": otherKey, "/etc/p/ca.pem": other}))
	var changed []string
	for _, k := range Changed(a, b, RoleRelay) {
		changed = append(changed, k.Path)
	}
	if got := strings.Join(changed, " "); got != "tls.cert tls.target_ca" {
		t.Errorf("changed: %s", got)
	}
	if same := Changed(a, read(t, withFiles(yaml, files)), RoleRelay); len(same) > 0 {
		t.Errorf("nothing has changed, but %v", same)
	}
}

func TestBadTLS(t *testing.T) {
	cert, key := pair(t)
	_, otherKey := pair(t)
	const yaml = "tls: {cert: c, key: k}"
	at := func(now time.Time) Sources {
		s := withFiles(yaml, map[string]string{"/etc/p/c": cert, "/etc/p/k": key})
		s.Now = now
		return s
	}
	for _, test := range []struct {
		name string
		s    Sources
		want []string
	}{
		{"no files", withFiles(yaml, nil), []string{
			"/etc/p/polysocket.yaml:3: tls.cert: it cannot be read: open /etc/p/c: file does not exist",
			"/etc/p/polysocket.yaml:3: tls.key: it cannot be read: open /etc/p/k: file does not exist"}},
		{"another's key", withFiles(yaml, map[string]string{"/etc/p/c": cert, "/etc/p/k": otherKey}), []string{
			"polysocket.yaml:3: tls.cert: /etc/p/c and /etc/p/k are no certificate and its key: ", "private key does not match"}},
		{"no PEM", withFiles(yaml, map[string]string{"/etc/p/c": "x", "/etc/p/k": key}), []string{"polysocket.yaml:3: tls.cert: ", "find any PEM data"}},
		{"ended", at(time.Now().Add(2 * time.Hour)), []string{"polysocket.yaml:3: tls.cert: the certificate in /etc/p/c ended on "}},
		{"not begun", at(time.Now().Add(-time.Hour)), []string{"polysocket.yaml:3: tls.cert: the certificate in /etc/p/c begins on "}},
		{"no CA", withFiles("tls: {target_ca: ca}", map[string]string{"/etc/p/ca": key}), []string{"polysocket.yaml:3: tls.target_ca: /etc/p/ca holds no certificate in PEM"}},
	} {
		got := fault(t, test.s)
		for _, want := range test.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %s\nwithout %s", test.name, got, want)
			}
		}
	}
}

// A certificate that is not for the names that clients use is worth a note.
func TestCovers(t *testing.T) {
	cert, key := pair(t, "tom.example.com", "router.example.com")
	files := map[string]string{"/etc/p/c": cert, "/etc/p/k": key}
	const yaml = "tls: {cert: c, key: k}\nrouter: {host: [router.example.com, other.example.com]}\nrelay: {wildcard: true, host: 'tom.example.com:9001'}\n"
	for role, want := range map[Role][]string{
		RoleRouter: {"other.example.com"}, RoleRelay: {"*.tom.example.com"}, "": {"*.tom.example.com", "other.example.com"},
	} {
		s := withFiles(yaml, files)
		s.Role = role
		var got []string
		for _, note := range read(t, s).Notes {
			got = append(got, note.String())
		}
		for i, name := range want {
			want[i] = "/etc/p/polysocket.yaml:3: tls.cert: the certificate in /etc/p/c is not for " + name + ": clients that come by this name will refuse it"
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: %q, want %q", role, got, want)
		}
	}
	cert, key = pair(t, "*.tom.example.com", "tom.example.com", "*.example.com")
	if notes := read(t, withFiles(yaml, map[string]string{"/etc/p/c": cert, "/etc/p/k": key})).Notes; len(notes) > 0 {
		t.Errorf("all are covered, but %v", notes)
	}
}
