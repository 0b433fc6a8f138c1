-- What no generation is below, see GenerationFloor: this server's time in sixteenths of a second. A replica that was promoted without the newest openings
-- has lost those, and not the time since.
local function floor()
    local now = redis.call('TIME')
    return now[1] * 16 + math.floor(now[2] * 16 / 1000000)
end
