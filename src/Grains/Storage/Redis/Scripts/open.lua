-- Takes the partition's next generation and reads what an activation must know, part by part.
-- KEYS[1]: the partition's meta; then the keys of each part. ARGV: the ticket that commits of this opening carry, a generation that this one has to
-- exceed, then for each part its kind: rows, counters, set, each with one key; sets, with the key of their names, and behind the kind how many sets there
-- are and their names, each with a key. Sets have to be declared like all keys: where they are others than the caller thought, nothing is done, and the
-- answer is one list for each part of sets: the names there are.
local meta = KEYS[1]

local parts, arg, key, differs = {}, 3, 2, false
while ARGV[arg] do
    local part = {kind = ARGV[arg], key = KEYS[key], names = {}, first = key + 1}
    if part.kind == 'sets' then
        local count, known = tonumber(ARGV[arg + 1]), {}
        for i = 1, count do
            part.names[i] = ARGV[arg + 1 + i]
            known[part.names[i]] = true
        end
        part.now = redis.call('SMEMBERS', part.key)
        if #part.now ~= count then differs = true end
        for _, name in ipairs(part.now) do if not known[name] then differs = true end end
        arg, key = arg + 1 + count, key + count
    end
    parts[#parts + 1] = part
    arg, key = arg + 1, key + 1
end
if differs then
    local names = {'names'}
    for _, part in ipairs(parts) do if part.kind == 'sets' then names[#names + 1] = part.now end end
    return names
end

local existed = redis.call('HEXISTS', meta, 'generation')
local stored = tonumber(redis.call('HGET', meta, 'generation') or 0)
local generation = math.max(stored + 1, ARGV[2] + 1, floor())
redis.call('HSET', meta, 'generation', string.format('%.0f', generation), 'sequence', 0, 'ticket', ARGV[1])

local answer = {existed, generation, redis.call('HGET', meta, 'stamp') or 0}
for _, part in ipairs(parts) do
    local read
    if part.kind == 'set' then
        read = redis.call('ZRANGE', part.key, 0, 0, 'WITHSCORES')
    elseif part.kind == 'sets' then
        read = {}
        for i, name in ipairs(part.names) do
            local set = KEYS[part.first + i - 1]
            read[#read + 1] = name
            read[#read + 1] = redis.call('ZCARD', set)
            read[#read + 1] = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')[2]
        end
    else
        read = redis.call('HGETALL', part.key)
    end
    answer[#answer + 1] = read
end
return answer
