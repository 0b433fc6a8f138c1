-- Reads the newest lines of logs, merged. KEYS: for each log its stream, and the sorted set of what was moved out of it (see the commit's script).
-- ARGV: stamps strictly before, stamps strictly after ('': any), limit. Answers stamp, member, stamp, member, ...
local before, after, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])

local function range(number, above, count)
    local lines, key = {}, KEYS[number]
    if number % 2 == 0 then
        local found = redis.call('ZRANGE', key, '(' .. before, above == '' and '-inf' or '(' .. above, 'BYSCORE', 'REV', 'LIMIT', 0, count, 'WITHSCORES')
        for i = 1, #found, 2 do lines[#lines + 1] = {tonumber(found[i + 1]), found[i]} end
    else
        local found = redis.call('XREVRANGE', key, '(' .. before .. '-0', above == '' and '-' or '(' .. above .. '-0', 'COUNT', count)
        for i, line in ipairs(found) do lines[i] = {tonumber(line[1]:match('^%d+')), line[2][2]} end
    end
    return lines
end

local function newest_first(a, b) return a[1] > b[1] end

local heads = {}
for number = 1, #KEYS do
    local head = range(number, after, 1)[1]
    if head then heads[#heads + 1] = {head[1], number} end
end
table.sort(heads, newest_first)

-- Once there is a page, a log matters only as far as it is newer than the page's end; the first that is not ends the search.
local found = {}
for _, head in ipairs(heads) do
    local last = found[limit]
    if last and head[1] < last[1] then break end
    for _, line in ipairs(range(head[2], last and string.format('%.0f', last[1]) or after, limit)) do found[#found + 1] = line end
    table.sort(found, newest_first)
    for i = #found, limit + 1, -1 do found[i] = nil end
end

local lines = {}
for _, line in ipairs(found) do
    lines[#lines + 1] = line[1]
    lines[#lines + 1] = line[2]
end
return lines
