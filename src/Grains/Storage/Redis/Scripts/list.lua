-- Reads jobs' records for a list: without a field of the spec and one of the outcome, which may be large and which lists do not show, and only
-- those that begin below the budget of bytes. KEYS[1]: the partition. ARGV: the spec's field, the outcome's field, budget, then ids. Answers specs,
-- tracks, leases and outcomes, each in the ids' order.
local budget, first, omitted = tonumber(ARGV[3]), 4, {tonumber(ARGV[1]), 0, 0, tonumber(ARGV[2])}

local function varint(record, at)
    local value, scale = 0, 1
    while true do
        local next = record:byte(at)
        value, scale, at = value + next % 128 * scale, scale * 128, at + 1
        if next < 128 then return value, at end
    end
end

-- Records have the wire format of protocol buffers: a tag of number and kind, then a number, eight bytes, or a length and so many bytes.
local function without(record, field)
    local at = 1
    while at <= #record do
        local start, tag, size = at
        tag, at = varint(record, at)
        local kind = tag % 8
        if kind == 0 then
            size, at = varint(record, at)
        elseif kind == 1 then
            at = at + 8
        else
            size, at = varint(record, at)
            at = at + size
        end
        if (tag - kind) / 8 == field then return record:sub(1, start - 1) .. record:sub(at) end
    end
    return record
end

local records, bytes, read = {{}, {}, {}, {}}, 0, 0
while first + read <= #ARGV and bytes < budget do
    local from, chunk = first + read, {}
    local to = math.min(from + 15, #ARGV)
    for part, name in ipairs({':jobs', ':tracks', ':leases', ':outcomes'}) do
        chunk[part] = redis.call('HMGET', KEYS[1] .. name, unpack(ARGV, from, to))
    end
    for i = 1, to - from + 1 do
        if bytes >= budget then break end
        read = read + 1
        for part = 1, 4 do
            local value = chunk[part][i]
            if value and omitted[part] > 0 then
                local whole = #value
                value = without(value, omitted[part])
                -- It was read all the same.
                bytes = bytes + math.floor((whole - #value) / 64)
            end
            records[part][read] = value
            if value then bytes = bytes + #value end
        end
    end
end
return records
