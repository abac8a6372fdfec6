// Package arch is the import law of the module: who may import whom, as a table
// with a reason for each room (law_test.go), and a test that holds the sources
// to it. The sources are read in-process (read_test.go), so that Go's test cache
// notices when one changes.
package arch
