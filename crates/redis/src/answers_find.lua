-- KEYS: answer. Gives the answer and the milliseconds that it is good for, or else nothing and the present in milliseconds.
local answer, left = redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])
if answer and left > 0 then
  return {answer, left}
end
local time = redis.call('TIME')
return {false, time[1] * 1000 + math.floor(time[2] / 1000)}
