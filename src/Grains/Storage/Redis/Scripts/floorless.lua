-- Stands in for the floor where a test of the tests has turned it off.
local function floor() return 0 end
