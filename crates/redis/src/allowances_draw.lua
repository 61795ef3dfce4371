-- KEYS: an allowance. ARGV: how many requests it has, its window in milliseconds, how many were spent that are not counted here,
-- how many keys there may be. Gives how many requests may be made, how many are left after these, and when the window ends, or
-- nothing if there are too many keys for a new one.
local limit, window, spent, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local used, left_for = tonumber(redis.call('GET', KEYS[1]) or 0), redis.call('PTTL', KEYS[1])
local known = left_for > 0
if not known then
  if redis.call('DBSIZE') >= most then
    return false
  end
  used, left_for = 0, window
end
local left = math.max(limit - used - spent, 0)
-- The less is left, the less is given away at once: what an instance does not use is lost to the others.
local granted = math.ceil(left / 16)
if known then
  redis.call('INCRBY', KEYS[1], spent + granted)
else
  redis.call('SET', KEYS[1], spent + granted, 'PX', window)
end
-- A clock that was set back makes no window longer than it would be anew.
if left_for > window then
  left_for = window
  redis.call('PEXPIRE', KEYS[1], window)
end
return {granted, left - granted, left_for}
