-- Applies a commit, all of it: whatever could be refused is refused before the first write.
-- KEYS[1]: the partition. ARGV: generation, ticket, sequence, first stamp, last stamp (0: no new jobs), then blocks of
-- command, key, count, arguments. Blocks come in the order to apply, each short enough for unpack.
-- Answers 0 applied, or the fence's verdict; a negative one is the last stamp given, which the first must exceed.
local base = KEYS[1]
local meta = base .. ':meta'
local known = verdict(meta)
if known then return known end
if ARGV[5] ~= '0' then
    local stamp = tonumber(redis.call('HGET', meta, 'stamp') or 0)
    if tonumber(ARGV[4]) <= stamp then return -stamp end
end

local i = 6
while ARGV[i] do
    local command, key, first, last = ARGV[i], base .. ARGV[i + 1], i + 3, i + 2 + tonumber(ARGV[i + 2])
    if command == 'XADD' then
        for j = first, last, 2 do redis.call('XADD', key, ARGV[j], 'i', ARGV[j + 1]) end
    elseif command == 'XDEL' then
        -- An empty stream stays a key, so it goes with its last line.
        redis.call('XDEL', key, unpack(ARGV, first, last))
        if redis.call('XLEN', key) == 0 then redis.call('DEL', key) end
    elseif command == 'HINCRBY' then
        for j = first, last, 2 do
            if redis.call('HINCRBY', key, ARGV[j], ARGV[j + 1]) == 0 then redis.call('HDEL', key, ARGV[j]) end
        end
    elseif command == 'PURGE' then
        for _, part in ipairs({':jobs', ':tracks', ':leases', ':outcomes'}) do redis.call('HDEL', base .. part, unpack(ARGV, first, last)) end
        for _, part in ipairs({':retention', ':deadlines'}) do redis.call('ZREM', base .. part, unpack(ARGV, first, last)) end
    else
        redis.call(command, key, unpack(ARGV, first, last))
    end
    i = last + 1
end

if ARGV[5] == '0' then
    redis.call('HSET', meta, 'sequence', ARGV[3])
else
    redis.call('HSET', meta, 'sequence', ARGV[3], 'stamp', ARGV[5])
end
return 0
