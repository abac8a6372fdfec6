package membus_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/bus/bustest"
	"github.com/polysocket/polysocket/internal/bus/membus"
)

func TestBus(t *testing.T) {
	bustest.Run(t, bustest.Setup{
		Open:   func(*testing.T) bustest.Bus { return membus.New() },
		Lapse:  func(*testing.T) { time.Sleep(bus.LeaseTime + time.Second) }, // in virtual time
		Around: synctest.Test,
	})
}
