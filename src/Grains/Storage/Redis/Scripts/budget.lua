-- Reads rows to a budget of bytes. KEYS: tables. ARGV: budget, for each table the number of a field to leave out (0: none), then keys of rows. Answers the
-- rows of each table, in the keys' order.
local omitted = {}
for i = 1, #KEYS do omitted[i] = tonumber(ARGV[1 + i]) end
local first = 1 + #KEYS
return rows_of({1, #KEYS}, omitted, tonumber(ARGV[1]), #ARGV - first, function(i) return ARGV[first + i] end)
