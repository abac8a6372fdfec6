package main

import (
	"fmt"

	"github.com/polysocket/polysocket/internal/config"
)

// configs are the commands about configurations.
type configs struct {
	Check check `cmd:"" help:"Tell whether a configuration is good, and else what is wrong and in which line. It connects to nothing."`
}

type check struct {
	File string `arg:"" help:"The file (YAML)."`
}

// Run reads the file as router and relay would in this environment.
func (c *check) Run() error {
	s, err := sources(c.File, nil, "")
	if err != nil {
		return err
	}
	read, err := config.Read(s)
	if err != nil {
		return err
	}
	for _, note := range read.Notes {
		fmt.Println(note)
	}
	fmt.Println(c.File + " is good")
	return nil
}
