package redisbus

// Addresses are where Redis is, as far as is known now, as host:port: what the URL
// says, and what has been found by that, as the nodes of a Cluster.
func (b *Bus) Addresses() []string {
	all := append([]string(nil), b.redis.InitAddress...)
	if c := b.client.Load(); c != nil {
		for address := range (*c).Nodes() {
			all = append(all, address)
		}
	}
	return all
}
