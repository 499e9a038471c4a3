// Package connlimit measures go-connlimit at what bench/limiter_bench.cc has our limiter do.
package connlimit

import (
	"net"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/go-connlimit"
)

const (
	clients      = 1000
	maxPerClient = 100
)

// A connection of which only the other side's address is ever asked.
type connection struct {
	net.Conn
	remote net.TCPAddr
}

func (c *connection) RemoteAddr() net.Addr { return &c.remote }

// Each of so many clients in turn; the threads stand at different ones.
func BenchmarkAcceptAndRelease(b *testing.B) {
	connections := make([]connection, clients)
	for i := range connections {
		connections[i].remote.IP = net.IPv4(10, 0, byte(i>>8), byte(i))
	}
	limiter := connlimit.NewLimiter(connlimit.Config{MaxConnsPerClientIP: maxPerClient})
	var threads int32
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(turn *testing.PB) {
		at := int(atomic.AddInt32(&threads, 1)-1) * clients / 2 % clients
		for turn.Next() {
			release, err := limiter.Accept(&connections[at])
			if err != nil {
				b.Error(err)
				return
			}
			release()
			if at++; at == clients {
				at = 0
			}
		}
	})
}
