-- Creates the grid's record where there is none, and reads it. KEYS[1]: the record. ARGV: partitions, incarnation, secret.
if redis.call('EXISTS', KEYS[1]) == 0 then
    redis.call('HSET', KEYS[1], 'partitions', ARGV[1], 'incarnation', ARGV[2])
end
-- By itself, for a record from before there were secrets.
redis.call('HSETNX', KEYS[1], 'secret', ARGV[3])
return redis.call('HMGET', KEYS[1], 'partitions', 'incarnation', 'secret')
