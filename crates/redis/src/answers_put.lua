-- KEYS: answer. ARGV: the answer, when it was missing, and for how many milliseconds from then it is good.
local time = redis.call('TIME')
local age = time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[2]
-- Both times are cut to milliseconds, so it may be one older.
local left = ARGV[3] - math.max(age, 0) - 1
if left > 0 then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', left)
end
