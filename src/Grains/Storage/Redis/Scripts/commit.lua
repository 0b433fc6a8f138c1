-- Applies a commit, all of it: whatever could be refused is refused before the first write. All keys that are touched are declared, so that a cluster whose
-- slot is moving refuses the whole.
-- KEYS[1]: the partition's meta; the others are named by their number. ARGV: generation, ticket, sequence, first stamp, last stamp (0: no new lines), then
-- blocks of command, key, count, arguments. Blocks come in the order to apply, each short enough for unpack.
-- Answers 0 applied, or the fence's verdict; a negative one is the last stamp given, which the first must exceed.
local meta = KEYS[1]
local known, last_stamp = verdict(meta)
if known then return known end
if ARGV[5] ~= '0' then
    local stamp = tonumber(last_stamp or 0)
    if tonumber(ARGV[4]) <= stamp then return -stamp end
end

-- Takes lines out of a log. A stream keeps a deleted line until all of its node is deleted, so one job that is kept for a year would pin a
-- hundred lines. Where most of a log's nodes are mostly empty, its oldest lines move into a sorted set, which costs more for each line but keeps
-- nothing of those that are gone.
local function remove_lines(stream, kept, names, name, first, last)
    local removed = redis.call('XDEL', stream, unpack(ARGV, first, last))
    if removed <= last - first then
        for i = first, last do redis.call('ZREMRANGEBYSCORE', kept, ARGV[i], ARGV[i]) end
        if redis.call('EXISTS', stream, kept) == 0 then redis.call('SREM', names, name) end
    end
    if removed == 0 then return end

    local length, nodes = 0, 0
    local info = redis.call('XINFO', 'STREAM', stream)
    for i = 1, #info, 2 do
        if info[i] == 'length' then length = info[i + 1] elseif info[i] == 'radix-tree-keys' then nodes = info[i + 1] end
    end
    -- A full node has a hundred lines. As many lines move as keep up with those that are deleted, and never all of a long log at once.
    if length > 0 and nodes > 2 + length / 16 then
        local lines, ids = redis.call('XRANGE', stream, '-', '+', 'COUNT', 100 + 2 * (last - first + 1)), {}
        for i, line in ipairs(lines) do
            ids[i] = line[1]
            redis.call('ZADD', kept, line[1]:match('^%d+'), line[2][2])
        end
        for i = 1, #ids, 4000 do redis.call('XDEL', stream, unpack(ids, i, math.min(i + 3999, #ids))) end
        length = length - #ids
    end
    -- An empty stream stays a key.
    if length == 0 then
        redis.call('DEL', stream)
        if redis.call('EXISTS', kept) == 0 then redis.call('SREM', names, name) end
    end
end

local i = 6
while ARGV[i] do
    local command, key, first, last = ARGV[i], KEYS[tonumber(ARGV[i + 1])], i + 3, i + 2 + tonumber(ARGV[i + 2])
    if command == 'XADD' then
        for j = first, last, 2 do redis.call('XADD', key, ARGV[j], 'i', ARGV[j + 1]) end
    elseif command == 'XDEL' then
        remove_lines(key, KEYS[tonumber(ARGV[first])], KEYS[tonumber(ARGV[first + 1])], ARGV[first + 2], first + 3, last)
    elseif command == 'LEAVE' then
        -- Names go with what they name. Were they kept, every one that ever was would be looked at by each opening.
        redis.call('ZREM', key, unpack(ARGV, first + 2, last))
        if redis.call('EXISTS', key) == 0 then redis.call('SREM', KEYS[tonumber(ARGV[first])], ARGV[first + 1]) end
    elseif command == 'HINCRBY' then
        for j = first, last, 2 do
            if redis.call('HINCRBY', key, ARGV[j], ARGV[j + 1]) == 0 then redis.call('HDEL', key, ARGV[j]) end
        end
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
