-- Says for certain whether a commit that a full store refused was applied when it was sent before with its reply lost.
-- If it was not, it never will be: the new ticket refuses a copy of it that is still on its way.
-- KEYS[1]: the partition's meta. ARGV: generation, ticket, sequence, new ticket. Answers the fence's verdict; 3: not applied.
local known = verdict(KEYS[1])
if known then return known end
redis.call('HSET', KEYS[1], 'ticket', ARGV[4])
return 3
