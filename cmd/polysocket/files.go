//go:build linux || darwin || netbsd || openbsd

package main

import (
	"math"
	"syscall"
)

// openFiles is how many files this process may have open. Go has raised the soft
// limit to the hard one when it started.
func openFiles() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return math.MaxUint64
	}
	return limit.Cur
}
