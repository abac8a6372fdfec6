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
	s := bustest.Setup{
		Open:   func(*testing.T) bustest.Bus { return membus.New() },
		Lapse:  func(*testing.T) { time.Sleep(max(bus.LimitLease, bus.TicketTTL) + time.Second) }, // in virtual time
		Around: synctest.Test,
	}
	bustest.Run(t, s)
	bustest.RunLimits(t, s)
	bustest.RunKeys(t, s)
	bustest.RunTickets(t, s)
	bustest.RunRates(t, s)
}
