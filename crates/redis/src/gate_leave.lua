-- KEYS: state, inside, at-limit. ARGV: user, epoch and name of the place or two empty texts, keeping time in
-- milliseconds, then 1 or 0 each: a coupon was issued, the user is at the limit, the campaign is sold out.
local user, place_epoch, place, kept = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local issued, at_limit, sold_out = ARGV[5] == '1', ARGV[6] == '1', ARGV[7] == '1'
if at_limit then
  redis.call('SADD', KEYS[3], user)
  redis.call('PEXPIRE', KEYS[3], kept)
end
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch then
  return
end
-- What is confirmed is so in any epoch; who was counted was counted in one.
if sold_out then
  redis.call('HSET', KEYS[1], 'sold-out', '1')
end
if epoch == place_epoch then
  redis.call('ZREM', KEYS[2], place)
  if issued then
    redis.call('HINCRBY', KEYS[1], 'left', -1)
  end
end
