-- Takes the partition's next generation and reads what an activation must know.
-- KEYS[1]: the partition. ARGV: the ticket that commits of this opening carry, a generation that this one has to exceed.
local base = KEYS[1]
local existed = redis.call('HEXISTS', base .. ':meta', 'generation')
local stored = tonumber(redis.call('HGET', base .. ':meta', 'generation') or 0)
local generation = math.max(stored + 1, ARGV[2] + 1, floor())
redis.call('HSET', base .. ':meta', 'generation', string.format('%.0f', generation), 'sequence', 0, 'ticket', ARGV[1])

-- A name whose lane or log is gone is a leftover of an older release.
local lanes = {}
for _, lane in ipairs(redis.call('SMEMBERS', base .. ':lanes')) do
    local first = redis.call('ZRANGE', base .. ':lane:' .. lane, 0, 0, 'WITHSCORES')
    if first[1] then
        lanes[#lanes + 1] = lane
        lanes[#lanes + 1] = redis.call('ZCARD', base .. ':lane:' .. lane)
        lanes[#lanes + 1] = first[2]
    else
        redis.call('SREM', base .. ':lanes', lane)
    end
end

for _, log in ipairs(redis.call('SMEMBERS', base .. ':logs')) do
    if redis.call('EXISTS', base .. ':log:' .. log) == 0 then redis.call('SREM', base .. ':logs', log) end
end

return {
    existed,
    generation,
    redis.call('HGETALL', base .. ':leases'),
    lanes,
    redis.call('HGETALL', base .. ':counts'),
    redis.call('HGET', base .. ':meta', 'stamp'),
    redis.call('ZRANGE', base .. ':deadlines', 0, 0, 'WITHSCORES'),
}
