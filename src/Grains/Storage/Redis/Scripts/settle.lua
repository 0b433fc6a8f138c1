-- Says for certain whether a commit that a full store refused was applied when it was sent before with its reply lost.
-- If it was not, it never will be: the new ticket refuses a copy of it that is still on its way.
-- KEYS[1]: the partition. ARGV: generation, ticket, sequence, new ticket. Answers 0 applied, 1 fenced, 2 lost, 3 not applied.
local now = redis.call('HMGET', KEYS[1] .. ':meta', 'generation', 'ticket', 'sequence')
if not now[1] then return 2 end
if now[1] ~= ARGV[1] or now[2] ~= ARGV[2] then return 1 end
if now[3] == ARGV[3] then return 0 end
if tonumber(now[3]) + 1 ~= tonumber(ARGV[3]) then return 1 end
redis.call('HSET', KEYS[1] .. ':meta', 'ticket', ARGV[4])
return 3
