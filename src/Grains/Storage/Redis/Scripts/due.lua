-- Counts the jobs of lanes that are due. KEYS[1]: the partition. ARGV: now, then lanes. Answers a count for each lane.
local counts = {}
for i = 2, #ARGV do counts[i - 1] = redis.call('ZCOUNT', KEYS[1] .. ':lane:' .. ARGV[i], '-inf', ARGV[1]) end
return counts
