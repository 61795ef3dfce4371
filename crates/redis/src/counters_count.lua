-- KEYS: count. ARGV: how often it is free, then window, first pause and longest pause in milliseconds. Gives 0 if it was
-- counted, or else the milliseconds of the pause that are left.
local known = redis.call('HMGET', KEYS[1], 'times', 'window-ends', 'pause-ends')
local times, window_ends, pause_ends = tonumber(known[1] or 0), tonumber(known[2] or 0), tonumber(known[3] or 0)
local free, window, first, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if pause_ends > now then
  -- A clock that was set back makes no pause longer than one that begins now.
  return math.min(pause_ends - now, longest)
end
if window_ends <= now then
  times, window_ends = 0, now + window
end
times = times + 1
pause_ends = 0
if times >= free then
  pause_ends = now + math.min(first * 2 ^ math.min(times - free, 31), longest)
end
-- A format of its own, for a large number would become one with an exponent.
local whole = function(number) return string.format('%.0f', number) end
redis.call('HSET', KEYS[1], 'times', times, 'window-ends', whole(window_ends), 'pause-ends', whole(pause_ends))
redis.call('PEXPIRE', KEYS[1], whole(math.max(window_ends, pause_ends) - now))
return 0
