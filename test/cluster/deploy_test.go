package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/test/process"
)

// systemd takes the units, once the program is where they say.
func TestUnits(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../deploy/systemd/*.service")
	if err != nil || len(files) != 2 {
		t.Fatalf("the units are %v (%v)", files, err)
	}
	dir := t.TempDir()
	args := []string{"verify"}
	for _, file := range files {
		unit, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		const installed = "/usr/local/bin/polysocket"
		if !strings.Contains(string(unit), "ExecStart="+installed) {
			t.Errorf("%s does not start %s", file, installed)
		}
		copied := filepath.Join(dir, filepath.Base(file))
		if err := os.WriteFile(copied, []byte(strings.ReplaceAll(string(unit), installed, binary)), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, copied)
	}
	// It warns of what it does not know, and goes on.
	if out, err := exec.Command("systemd-analyze", args...).CombinedOutput(); err != nil || strings.Contains(string(out), "polysocket-") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// The configuration is a good one, with what stands in the environment of each.
func TestConfiguration(t *testing.T) {
	t.Parallel()
	for _, own := range []string{"POLYSOCKET_RELAY_HOST=tom.example.com", "POLYSOCKET_ROUTER_ZONE=eu-1"} {
		p := process.Start(t, "env", "POLYSOCKET_SECRET="+secret, own, binary, "config", "check", "../../deploy/polysocket.yaml")
		if status := p.Exit(); status != 0 {
			t.Errorf("with %s the exit status is %d: %s", own, status, p.Output())
		}
	}
}
