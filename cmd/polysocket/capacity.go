package main

import (
	"math"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// A machine is what a process may have of it.
type machine struct {
	files  uint64 // that may be open at once
	memory uint64 // bytes
}

// What a socket takes, by bench/RESULTS.md: the connection to its target and the
// one that its client reads by, and 12 to 15 kB while nothing waits.
const (
	filesPerSocket  = 2
	memoryPerSocket = 16 << 10
	filesBesides    = 128 // what a process has open without any sockets, and to spare
)

// capacity is how many sockets the machine can have. Of the files an eighth is left
// for requests that come besides, as sends do, and of the memory half for messages
// that are under way.
func (m machine) capacity() int {
	files := m.files - m.files/8
	byFiles := (files - min(files, filesBesides)) / filesPerSocket
	byMemory := m.memory / 2 / memoryPerSocket
	return int(max(1, min(byFiles, byMemory, math.MaxInt32)))
}

// budget is how many bytes may wait in sockets and requests: a quarter of the memory,
// since what is freed takes as much again until it is collected.
func (m machine) budget() int64 { return int64(min(m.memory, math.MaxInt64) / 4) }

// thisMachine is the one that this process runs on, with the limits that it runs
// under: those of its container or service, and GOMEMLIMIT.
func thisMachine() machine {
	m := machine{files: openFiles(), memory: math.MaxUint64}
	for _, limit := range []func() (uint64, error){memlimit.FromSystem, memlimit.FromCgroup} {
		if memory, err := limit(); err == nil && memory > 0 {
			m.memory = min(m.memory, memory)
		}
	}
	if limit := debug.SetMemoryLimit(-1); limit > 0 {
		m.memory = min(m.memory, uint64(limit))
	}
	return m
}
