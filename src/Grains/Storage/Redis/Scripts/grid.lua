-- Creates the grid's record where there is none, and reads it. KEYS[1]: the record. ARGV: partitions, incarnation, secret, format.
if redis.call('EXISTS', KEYS[1]) == 0 then
    redis.call('HSET', KEYS[1], 'partitions', ARGV[1], 'incarnation', ARGV[2], 'secret', ARGV[3], 'format', ARGV[4])
end
return redis.call('HMGET', KEYS[1], 'partitions', 'incarnation', 'secret', 'format')
