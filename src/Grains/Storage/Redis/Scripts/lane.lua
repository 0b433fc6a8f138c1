-- Reads a lane in the order (due, id) from behind a place. KEYS[1]: the partition. ARGV: lane, due, id, limit, budget of bytes.
local lane = KEYS[1] .. ':lane:' .. ARGV[1]

-- Redis orders by bytes; Lua's own comparison of strings follows the server's locale.
local function behind(id, place)
    for i = 1, math.min(#id, #place) do
        local a, b = id:byte(i), place:byte(i)
        if a ~= b then return a > b end
    end
    return #id > #place
end

-- The rank of the first job behind the place. Any number of jobs may share its due time, so it is searched by halves among them.
local low = redis.call('ZCOUNT', lane, '-inf', '(' .. ARGV[2])
local high = ARGV[3] == '' and low or redis.call('ZCOUNT', lane, '-inf', ARGV[2])
while low < high do
    local middle = math.floor((low + high) / 2)
    if behind(redis.call('ZRANGE', lane, middle, middle)[1], ARGV[3]) then high = middle else low = middle + 1 end
end

return with_records(KEYS[1], redis.call('ZRANGE', lane, low, low + ARGV[4] - 1, 'WITHSCORES'), tonumber(ARGV[5]))
