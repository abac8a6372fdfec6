package process

import (
	"fmt"
	"os/exec"
	"path/filepath"
)

// Build builds polysocket with the race detector, into a folder.
func Build(dir string) (binary string, err error) {
	binary = filepath.Join(dir, "polysocket")
	out, err := exec.Command("go", "build", "-race", "-o", binary, "github.com/polysocket/polysocket/cmd/polysocket").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
}

// Needs is an error unless all programs are there.
func Needs(programs ...string) error {
	for _, needed := range programs {
		if _, err := exec.LookPath(needed); err != nil {
			return fmt.Errorf("%s is missing: test/install.sh installs it, and so does make test", needed)
		}
	}
	return nil
}
