-- Reads the newest lines of all logs that fit a queue and a type, merged. KEYS[1]: the partition.
-- ARGV: stamps strictly before, stamps strictly after ('': any), limit, queue, type ('': any). Answers stamp, id, stamp, id, ...
local base, before, after, limit = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])

-- A log is a stream; what was moved out of one (see the commit's script) is a sorted set, whose name has a mark.
local function range(log, above, count)
    local lines, key = {}, base .. ':log:' .. log
    if log:sub(1, 1) == '=' then
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
for _, log in ipairs(redis.call('SMEMBERS', base .. ':logs')) do
    local queue, job_type = log:match('^=?([^/]*)/(.*)$')
    if (ARGV[4] == '' or ARGV[4] == queue) and (ARGV[5] == '' or ARGV[5] == job_type) then
        local head = range(log, after, 1)[1]
        if head then heads[#heads + 1] = {head[1], log} end
    end
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
