-- Shared by the scripts that read rows to a budget of bytes, each table without a field that may be large and is not wanted.
local function varint(row, at)
    local value, scale = 0, 1
    while true do
        local next = row:byte(at)
        value, scale, at = value + next % 128 * scale, scale * 128, at + 1
        if next < 128 then return value, at end
    end
end

-- Rows have the wire format of protocol buffers: a tag of number and kind, then a number, eight bytes, or a length and so many bytes.
local function without(row, field)
    local at = 1
    while at <= #row do
        local start, tag, size = at
        tag, at = varint(row, at)
        local kind = tag % 8
        if kind == 0 then
            size, at = varint(row, at)
        elseif kind == 1 then
            at = at + 8
        else
            size, at = varint(row, at)
            at = at + size
        end
        if (tag - kind) / 8 == field then return row:sub(1, start - 1) .. row:sub(at) end
    end
    return row
end

-- Answers the rows of each table in the keys' order: those that begin below the budget.
-- tables: first and last of KEYS. omitted: a number for each of them, 0: nothing. key(i): the i-th of so many keys of rows.
local function rows_of(tables, omitted, budget, count, key)
    local rows, bytes, read = {}, 0, 0
    for column = tables[1], tables[2] do rows[column - tables[1] + 1] = {} end
    while read < count and bytes < budget do
        local keys, chunk = {}, {}
        for i = read + 1, math.min(read + 16, count) do keys[#keys + 1] = key(i) end
        for column = tables[1], tables[2] do chunk[#chunk + 1] = redis.call('HMGET', KEYS[column], unpack(keys)) end
        for i = 1, #keys do
            if bytes >= budget then break end
            read = read + 1
            for column = 1, #chunk do
                local value = chunk[column][i]
                if value and omitted[column] > 0 then
                    local whole = #value
                    value = without(value, omitted[column])
                    -- It was read all the same.
                    bytes = bytes + math.floor((whole - #value) / 64)
                end
                rows[column][read] = value
                if value and chunk[1][i] then bytes = bytes + #value end
            end
        end
    end
    return rows
end
