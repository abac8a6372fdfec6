package redisbus

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// A script is Lua that Redis runs whole, by its own clock: machines need not agree
// on when a lease ends.
type script struct{ source, sha string }

func newScript(source string) script {
	source = "local t = redis.call('TIME')\nlocal now = t[1] * 1000 + math.floor(t[2] / 1000)\n" + source
	sum := sha1.Sum([]byte(source)) // the name that Redis has for it
	return script{source, hex.EncodeToString(sum[:])}
}

var (
	// KEYS nodes, leases; ARGV a node's id, its announcement, ms that it holds.
	announceScript = newScript(`
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[1])
return 1`)

	// KEYS nodes, leases. The announcements that hold; the others are forgotten.
	listScript = newScript(`
repeat
	local over = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 1000)
	if #over > 0 then
		redis.call('HDEL', KEYS[1], unpack(over))
		redis.call('ZREM', KEYS[2], unpack(over))
	end
until #over < 1000
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', 0) -- a write, so that a replica refuses
return redis.call('HVALS', KEYS[1])`)

	// KEYS a limit; ARGV a place's id, ms that it holds, how many there are. 1 where
	// it was free.
	acquireScript = newScript(`
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`)

	// KEYS a limit; ARGV ms that they hold, places' ids.
	renewScript = newScript(`
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1`)

	// KEYS the versions of keys' records; ARGV how many there may be. Ids and versions, in turn.
	versionsScript = newScript(`
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[1]) then return redis.error_reply('TOOMANY there are more keys than may be') end
return redis.call('HGETALL', KEYS[1])`)

	// KEYS the records of keys; ARGV how long one may be, ids. The records, or nothing for
	// those that are not there, or too long.
	recordsScript = newScript(`
local records = {}
for i = 2, #ARGV do
	local record = ''
	if redis.call('HSTRLEN', KEYS[1], ARGV[i]) <= tonumber(ARGV[1]) then record = redis.call('HGET', KEYS[1], ARGV[i]) or '' end
	records[i - 1] = record
end
return records`)

	// KEYS records, versions; ARGV an id, the version that is there, the new one, the
	// record (none: it is dropped), how many there may be. 0 where there is another
	// version, -1 where there is no room.
	putKeyScript = newScript(`
if (redis.call('HGET', KEYS[2], ARGV[1]) or '0') ~= ARGV[2] then return 0 end
if ARGV[4] == '' then
	redis.call('HDEL', KEYS[1], ARGV[1])
	redis.call('HDEL', KEYS[2], ARGV[1])
	return 1
end
if ARGV[2] == '0' and redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[5]) then return -1 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
return 1`)

	// KEYS a limit; ARGV places' ids. How many were held.
	releaseScript = newScript(`return redis.call('ZREM', KEYS[1], unpack(ARGV))`)

	// KEYS rates; ARGV for each of them how often, in µs, and how many at once. 0 where
	// all were taken, else the µs until they could be. The value is the theoretical
	// arrival time of the generic cell rate algorithm, in µs; none is later than a burst
	// from now, whatever the rate and the clock were before.
	takeScript = newScript(`
now = t[1] * 1000000 + t[2]
local wait, next = 0, {}
local function set(key, at)
	redis.call('SET', key, string.format('%.0f', at), 'PX', math.ceil((at - now) / 1000))
end
for i, key in ipairs(KEYS) do
	local every, all = tonumber(ARGV[2 * i - 1]), ARGV[2 * i - 1] * ARGV[2 * i]
	local at = tonumber(redis.call('GET', key) or now)
	if at > now + all then
		at = now + all
		set(key, at)
	end
	next[i] = math.max(at, now) + every
	wait = math.max(wait, next[i] - all - now)
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do set(key, next[i]) end
return 0`)
)

// evalsha is the command that runs the script where Redis knows it.
func (s script) evalsha(b rueidis.Builder, keys, args []string) rueidis.Completed {
	return b.Evalsha().Sha1(s.sha).Numkeys(int64(len(keys))).Key(keys...).Arg(args...).Build()
}

// eval is the command that runs it where Redis does not, and makes it known.
func (s script) eval(b rueidis.Builder, keys, args []string) rueidis.Completed {
	return b.Eval().Script(s.source).Numkeys(int64(len(keys))).Key(keys...).Arg(args...).Build()
}

// unknown tells whether an answer says that Redis does not know the script, as after
// a restart. Then it has done nothing.
func unknown(r rueidis.RedisResult) bool {
	answer, ok := rueidis.IsRedisErr(r.Error())
	return ok && answer.IsNoScript()
}

// run runs a script on the line.
func (l *line) run(ctx context.Context, s script, keys, args []string) rueidis.RedisResult {
	r := l.do(ctx, s.evalsha(l.client.B(), keys, args))
	if unknown(r) {
		r = l.do(ctx, s.eval(l.client.B(), keys, args))
	}
	return r
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
