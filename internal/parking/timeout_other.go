//go:build !linux

package parking

func limitUnacknowledged(uintptr) {}
