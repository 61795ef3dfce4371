-- KEYS: state, inside, at-limit. ARGV: user, name of the place, lease and keeping time in milliseconds.
local state = redis.call('HMGET', KEYS[1], 'epoch', 'left', 'sold-out')
local epoch, left, sold_out = state[1], state[2], state[3]
if not epoch then
  return {'lost', ''}
end
if redis.call('SISMEMBER', KEYS[3], ARGV[1]) == 1 then
  return {'already claimed', epoch}
end
if sold_out then
  return {'sold out', epoch}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
-- Where none is left and the database has not said so yet, one goes and asks it.
if redis.call('ZCARD', KEYS[2]) >= math.max(tonumber(left), 1) then
  return {'full', epoch}
end
redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[2])
for _, key in ipairs(KEYS) do
  redis.call('PEXPIRE', key, ARGV[4])
end
return {'inside', epoch}
