-- Shared by scripts that read a page. Answers the page (id, score, id, score, ...), then specs, tracks, leases and outcomes of its
-- first jobs: as many as begin below the budget of bytes.
local function with_records(base, page, budget)
    local names = {':jobs', ':tracks', ':leases', ':outcomes'}
    local records = {{}, {}, {}, {}}
    local bytes, read = 0, 0
    while read * 2 < #page and bytes < budget do
        local ids = {}
        for i = read * 2 + 1, math.min(read * 2 + 63, #page), 2 do ids[#ids + 1] = page[i] end

        local chunk = {}
        for part, name in ipairs(names) do chunk[part] = redis.call('HMGET', base .. name, unpack(ids)) end
        for i = 1, #ids do
            if bytes >= budget then break end
            read = read + 1
            for part = 1, 4 do
                local value = chunk[part][i]
                records[part][read] = value
                if value then bytes = bytes + #value end
            end
        end
    end
    return {page, records[1], records[2], records[3], records[4]}
end
