-- Reads rows. KEYS: tables. ARGV: keys of rows. Answers the rows of each table, in the keys' order.
local rows = {}
for column = 1, #KEYS do
    local values = {}
    for i = 1, #ARGV, 4000 do
        for _, value in ipairs(redis.call('HMGET', KEYS[column], unpack(ARGV, i, math.min(i + 3999, #ARGV)))) do
            values[#values + 1] = value
        end
    end
    rows[column] = values
end
return rows
