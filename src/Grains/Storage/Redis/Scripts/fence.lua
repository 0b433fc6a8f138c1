-- Shared by scripts that write a commit. ARGV: generation, ticket, sequence. Answers nothing where the commit is the next one; otherwise
-- 0 applied already, 1 fenced, 2 lost. Beside it, the last stamp that was given.
local function verdict(meta)
    local now = redis.call('HMGET', meta, 'generation', 'ticket', 'sequence', 'stamp')
    if not now[1] then return 2 end
    if now[1] ~= ARGV[1] or now[2] ~= ARGV[2] then return 1 end
    if now[3] == ARGV[3] then return 0 end
    if tonumber(now[3]) + 1 ~= tonumber(ARGV[3]) then return 1 end
    return nil, now[4]
end
