-- Stands in for the fence where a test of the tests has turned the generation check off.
local function verdict(meta) return nil, redis.call('HGET', meta, 'stamp') end
