-- Counts members of sets up to a score. KEYS: the sets. ARGV: the score. Answers a count for each set.
local counts = {}
for i = 1, #KEYS do counts[i] = redis.call('ZCOUNT', KEYS[i], '-inf', ARGV[1]) end
return counts
