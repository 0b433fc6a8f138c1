-- Reads a lane in the order (due, id) from behind a place, and the records of its first jobs: those that begin below the budget of bytes.
-- KEYS[1]: the partition. ARGV: lane, due, id, limit, budget. Answers the page (id, due, id, due, ...), then specs, tracks, leases, outcomes.
local lane, place, budget = KEYS[1] .. ':lane:' .. ARGV[1], ARGV[3], tonumber(ARGV[5])

-- Redis orders by bytes; Lua's own comparison of strings follows the server's locale.
local function behind(id)
    for i = 1, math.min(#id, #place) do
        local a, b = id:byte(i), place:byte(i)
        if a ~= b then return a > b end
    end
    return #id > #place
end

-- The rank of the first job behind the place. Any number of jobs may share its due time, so it is searched by halves among them.
local low = redis.call('ZCOUNT', lane, '-inf', '(' .. ARGV[2])
local high = place == '' and low or redis.call('ZCOUNT', lane, '-inf', ARGV[2])
while low < high do
    local middle = math.floor((low + high) / 2)
    if behind(redis.call('ZRANGE', lane, middle, middle)[1]) then high = middle else low = middle + 1 end
end
local page = redis.call('ZRANGE', lane, low, low + ARGV[4] - 1, 'WITHSCORES')

local records, bytes, read = {{}, {}, {}, {}}, 0, 0
while read * 2 < #page and bytes < budget do
    local ids, chunk = {}, {}
    for i = read * 2 + 1, math.min(read * 2 + 63, #page), 2 do ids[#ids + 1] = page[i] end
    for part, name in ipairs({':jobs', ':tracks', ':leases', ':outcomes'}) do
        chunk[part] = redis.call('HMGET', KEYS[1] .. name, unpack(ids))
    end
    for i = 1, #ids do
        if bytes >= budget then break end
        read = read + 1
        for part = 1, 4 do
            local value = chunk[part][i]
            records[part][read] = value
            if value and chunk[1][i] then bytes = bytes + #value end
        end
    end
end
return {page, records[1], records[2], records[3], records[4]}
