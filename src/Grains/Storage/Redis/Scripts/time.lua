-- Seconds and microseconds of the server's clock. KEYS[1]: any key of the server that is meant.
return redis.call('TIME')
