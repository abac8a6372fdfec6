package main

import (
	"strings"
	"testing"
	"time"
)

func TestLimits(t *testing.T) {
	good := limits{Grace: time.Second, Hold: time.Second, TargetTimeout: time.Second, CloseTimeout: time.Second}
	if err := good.validate(); err != nil {
		t.Error(err)
	}
	bad := good
	bad.Hold = 0
	if err := bad.validate(); err == nil || !strings.Contains(err.Error(), "--hold") {
		t.Errorf("a hold of 0: %v", err)
	}
}
