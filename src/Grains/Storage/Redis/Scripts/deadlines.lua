-- Reads jobs whose start-by instant has come, soonest first. KEYS[1]: the partition. ARGV: now, limit, budget of bytes.
local page = redis.call('ZRANGEBYSCORE', KEYS[1] .. ':deadlines', '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[2])
return with_records(KEYS[1], page, tonumber(ARGV[3]))
