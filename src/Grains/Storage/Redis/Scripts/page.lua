-- Reads a set in the order (score, member) from behind a place, and the rows of its first members: those that begin below the budget of bytes.
-- KEYS: the set, then tables. ARGV: score, member, limit, budget, then for each table the number of a field to leave out. Answers the page (member, score,
-- member, score, ...), then the rows of each table.
local set, place = KEYS[1], ARGV[2]

-- Redis orders by bytes; Lua's own comparison of strings follows the server's locale.
local function behind(member)
    for i = 1, math.min(#member, #place) do
        local a, b = member:byte(i), place:byte(i)
        if a ~= b then return a > b end
    end
    return #member > #place
end

-- The rank of the first member behind the place. Any number of members may share its score, so it is searched by halves among them.
local low = redis.call('ZCOUNT', set, '-inf', '(' .. ARGV[1])
local high = place == '' and low or redis.call('ZCOUNT', set, '-inf', ARGV[1])
while low < high do
    local middle = math.floor((low + high) / 2)
    if behind(redis.call('ZRANGE', set, middle, middle)[1]) then high = middle else low = middle + 1 end
end
local page = redis.call('ZRANGE', set, low, low + ARGV[3] - 1, 'WITHSCORES')

local omitted = {}
for i = 2, #KEYS do omitted[i - 1] = tonumber(ARGV[3 + i]) end
return {page, unpack(rows_of({2, #KEYS}, omitted, tonumber(ARGV[4]), #page / 2, function(i) return page[2 * i - 1] end))}
