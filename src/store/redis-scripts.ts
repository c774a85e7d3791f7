/**
 * Changes to an entry in Redis, each made in one go.
 */
import { Script } from '../redis/script.ts';
import { ID, USES } from './redis-value.ts';

const TAKE = `
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  local time = redis.call('TIME')
  redis.call('SETRANGE', KEYS[1], ${ID.from}, string.format('%010d%06d', time[1], time[2]))
`;

/** KEYS: entry. ARGV: value, ms to live. */
export const SET = new Script(`${TAKE} return 1`);

/**
 * Sets an entry where the lease under which it was fetched still holds, or none is there; gives the lease back. A
 * lease is a token and, behind a blank, who holds it.
 *
 * KEYS: entry, lease. ARGV: value, ms to live, token. Returns 1 where it was set.
 */
export const SET_FENCED = new Script(`
  local lease = redis.call('GET', KEYS[2])
  local holds = lease and string.sub(lease, 1, #ARGV[3] + 1) == ARGV[3] .. ' '
  local storedAt = redis.pcall('GETRANGE', KEYS[1], 0, 7)
  if not holds and type(storedAt) == 'string' and #storedAt == 8 then return 0 end
  ${TAKE}
  if holds then redis.call('DEL', KEYS[2]) end
  return 1
`);

/** KEYS: entry. */
export const DELETE = new Script(`return redis.call('UNLINK', KEYS[1])`);

/** Deletes an entry, and gives the lease back where it still holds. KEYS: entry, lease. ARGV: token. */
export const DELETE_FENCED = new Script(`
  local lease = redis.call('GET', KEYS[2])
  if lease and string.sub(lease, 1, #ARGV[1] + 1) == ARGV[1] .. ' ' then redis.call('DEL', KEYS[2]) end
  return redis.call('UNLINK', KEYS[1])
`);

/** Deletes an entry where it is this very value. KEYS: entry. ARGV: its id. */
export const DELETE_VALUE = new Script(`
  if tonumber(redis.call('GETRANGE', KEYS[1], ${ID.from}, ${ID.to})) ~= tonumber(ARGV[1]) then return 0 end
  return redis.call('UNLINK', KEYS[1])
`);

/** Counts uses of an entry, where it is there. KEYS: entry. ARGV: how many. */
export const USE = new Script(`
  local uses = tonumber(redis.call('GETRANGE', KEYS[1], ${USES.from}, ${USES.to}))
  if not uses then return 0 end
  uses = math.min(uses + ARGV[1], 9999999999)
  redis.call('SETRANGE', KEYS[1], ${USES.from}, string.format('%010.0f', uses))
  return 1
`);
