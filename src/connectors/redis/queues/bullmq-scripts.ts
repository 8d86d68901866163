/**
 * What bullmq 5 and 6 do by Lua, with what was approved looked at first within the same script: nothing comes between. Each answers
 * a list: `ok`, or one word for what is otherwise now, and nothing was done then. ARGV[1]: the database; ARGV[2]: `<prefix>:<queue>:`.
 */
const BEGIN = `
local call = redis.call
if ARGV[1] ~= '0' then call('SELECT', ARGV[1]) end
local base = ARGV[2]
local meta, wait, paused, marker = base .. 'meta', base .. 'wait', base .. 'paused', base .. 'marker'
local function emit(...) call('XADD', base .. 'events', 'MAXLEN', '~', call('HGET', meta, 'opts.maxLenEvents') or 10000, '*', ...) end
-- A script is not taken back where a command in its middle is refused: rights are asked for first (Redis 7).
local function lacks(...)
  for _, command in ipairs({'SELECT 0', 'XADD k * x 1', ...}) do
    local words = {}
    for word in string.gmatch(command, '%S+') do table.insert(words, word == 'k' and base .. 'meta' or word) end
    if redis.acl_check_cmd and not redis.acl_check_cmd(unpack(words)) then return words[1] end
  end
end
local lacking
local function wake()
  if call('LLEN', wait) + call('ZCARD', base .. 'prioritized') > 0 then
    call('ZADD', marker, 0, '0')
  else
    local next = call('ZRANGE', base .. 'delayed', 0, 0, 'WITHSCORES')[2]
    if next then call('ZADD', marker, tonumber(next) / 0x1000, '1') end
  end
end
`;

/** pause-7.lua. ARGV[3]: `pause` or `resume`; ARGV[4]: the major version, as 5 keeps what waits in another list while it is paused. */
export const PAUSE = `${BEGIN}
lacking = lacks('HSET k x 1', 'HDEL k x', 'DEL k', 'RENAME k k', 'RPUSH k x', 'LRANGE k 0 0', 'ZADD k 0 x', 'ZCARD k', 'ZRANGE k 0 0')
if lacking then return {'rights', lacking} end
local isPaused = call('HGET', meta, 'paused') and true or false
if call('EXISTS', meta) == 0 then return {'gone'} end
if isPaused == (ARGV[3] == 'pause') then return {'already'} end
if ARGV[3] == 'pause' then
  if ARGV[4] == '5' and call('EXISTS', wait) == 1 then
    if call('EXISTS', paused) == 1 then return {'both'} end
    call('RENAME', wait, paused)
  end
  call('HSET', meta, 'paused', 1)
  call('DEL', marker)
  emit('event', 'paused')
  return {'ok'}
end
if call('EXISTS', paused) == 1 and call('EXISTS', wait) == 1 and call('LLEN', paused) > 7000 then return {'both'} end
call('HDEL', meta, 'paused')
if call('EXISTS', paused) == 1 then
  if call('EXISTS', wait) == 0 then
    call('RENAME', paused, wait)
  else
    call('RPUSH', wait, unpack(call('LRANGE', paused, 0, -1)))
    call('DEL', paused)
  end
end
wake()
emit('event', 'resumed')
return {'ok'}
`;

/** reprocessJob-9.lua for each, once all are as they were. ARGV from 3: id and the moment it failed, in turn. */
export const RETRY = `${BEGIN}
lacking = lacks('ZREM k x', 'HDEL k x', 'RPUSH k x', 'LPUSH k x', 'INCR k', 'ZADD k 0 x')
if lacking then return {'rights', lacking} end
if call('HGET', meta, 'paused') then return {'paused', ''} end
for i = 3, #ARGV, 2 do
  local at = call('ZSCORE', base .. 'failed', ARGV[i])
  if not at or tonumber(at) ~= tonumber(ARGV[i + 1]) then return {'otherwise', ARGV[i]} end
  if call('EXISTS', base .. ARGV[i]) == 0 then return {'gone', ARGV[i]} end
  local parent = call('HGET', base .. ARGV[i], 'parentKey')
  if parent and parent ~= '' then return {'parent', ARGV[i]} end
end
for i = 3, #ARGV, 2 do
  local id, job = ARGV[i], base .. ARGV[i]
  local priority = tonumber(call('HGET', job, 'priority')) or 0
  local opts = call('HGET', job, 'opts')
  call('ZREM', base .. 'failed', id)
  call('HDEL', job, 'finishedOn', 'processedOn', 'failedReason')
  if priority == 0 then
    local isLifo = opts and string.find(opts, '"lifo":true', 1, true)
    call(isLifo and 'RPUSH' or 'LPUSH', wait, id)
  else
    call('ZADD', base .. 'prioritized', priority * 0x100000000 + call('INCR', base .. 'pc') % 0x100000000, id)
  end
  call('ZADD', marker, 0, '0')
  emit('event', 'waiting', 'jobId', id, 'prev', 'failed')
end
return {'ok'}
`;

/** What a job is, with a digest of name and payload, which do not leave the server. Changes nothing. ARGV[3]: id. */
export const LOOK = `${BEGIN}
local id, job = ARGV[3], base .. ARGV[3]
local fields = call('HMGET', job, 'name', 'data', 'timestamp', 'atm', 'parentKey')
local digest = redis.sha1hex((fields[1] or '') .. '\\0' .. (fields[2] or '') .. '\\0' .. (fields[3] or ''))
local state = 'gone'
for _, set in ipairs({'completed', 'waiting-children', 'delayed', 'failed', 'prioritized'}) do
  if call('ZSCORE', base .. set, id) then state = set end
end
for _, list in ipairs({'active', 'wait', 'paused'}) do
  if call('LPOS', base .. list, id) then state = list end
end
if call('EXISTS', job) == 0 then state = 'gone' end
local children = call('EXISTS', job .. ':dependencies') + call('EXISTS', job .. ':processed')
return {state, digest, fields[1] or '', fields[4] or '0', string.len(fields[2] or ''), call('EXISTS', job .. ':lock'),
  (fields[5] or '') ~= '' and 1 or 0, children}
`;

/** removeJob-2.lua, without children. ARGV[3]: id; ARGV[4]: the digest it was decided on. */
export const REMOVE = `${BEGIN}
lacking = lacks('ZREM k x', 'LREM k 1 x', 'DEL k', 'GET k')
if lacking then return {'rights', lacking} end
local id, job = ARGV[3], base .. ARGV[3]
if call('EXISTS', job) == 0 then return {'gone'} end
local fields = call('HMGET', job, 'name', 'data', 'timestamp', 'parentKey', 'deid')
local digest = redis.sha1hex((fields[1] or '') .. '\\0' .. (fields[2] or '') .. '\\0' .. (fields[3] or ''))
if digest ~= ARGV[4] then return {'otherwise'} end
if call('EXISTS', job .. ':lock') == 1 or call('LPOS', base .. 'active', id) then return {'active'} end
if (fields[4] or '') ~= '' or call('EXISTS', job .. ':dependencies', job .. ':processed') > 0 then return {'flow'} end
local prev = 'unknown'
for _, set in ipairs({'completed', 'delayed', 'failed', 'prioritized'}) do
  if call('ZREM', base .. set, id) == 1 then prev = set end
end
for _, list in ipairs({'wait', 'paused'}) do
  if call('LREM', base .. list, 1, id) == 1 then prev = list end
end
if fields[5] and call('GET', base .. 'de:' .. fields[5]) == id then call('DEL', base .. 'de:' .. fields[5], base .. 'dn:' .. fields[5]) end
call('DEL', job, job .. ':logs', job .. ':dependencies', job .. ':processed', job .. ':failed', job .. ':unsuccessful')
emit('event', 'removed', 'jobId', id, 'prev', prev)
return {'ok', prev}
`;
