-- KEYS: state, inside, at-limit. ARGV: a new epoch, coupons left, 1 if the campaign is sold out or else 0, keeping time in
-- milliseconds.
if redis.call('HEXISTS', KEYS[1], 'epoch') == 1 then
  return
end
-- A state may go alone, when Redis runs out of memory. Those inside were counted with it.
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'left', ARGV[2])
if ARGV[3] == '1' then
  redis.call('HSET', KEYS[1], 'sold-out', '1')
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
