-- Reads jobs' records. KEYS[1]: the partition. ARGV: ids. Answers specs, tracks, leases and outcomes, each in the ids' order.
local records = {}
for part, name in ipairs({':jobs', ':tracks', ':leases', ':outcomes'}) do
    local values = {}
    for i = 1, #ARGV, 4000 do
        for _, value in ipairs(redis.call('HMGET', KEYS[1] .. name, unpack(ARGV, i, math.min(i + 3999, #ARGV)))) do
            values[#values + 1] = value
        end
    end
    records[part] = values
end
return records
