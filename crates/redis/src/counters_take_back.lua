-- KEYS: count.
local times = tonumber(redis.call('HGET', KEYS[1], 'times') or 0)
if times > 0 then
  redis.call('HSET', KEYS[1], 'times', times - 1, 'pause-ends', 0)
end
