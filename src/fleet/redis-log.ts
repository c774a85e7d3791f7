/**
 * A log over Redis: a stream with ids of one part, `1-0`, `2-0` …, and beside
 * it the log's incarnation, in a key that lies with it on one machine. Whoever
 * comes first names the incarnation, also where there is no record yet.
 */
import { randomUUID } from 'node:crypto';
import type { RedisConnection, Reply } from '../redis/connection.ts';
import { fleetKey } from '../redis/keys.ts';
import { Script } from '../redis/script.ts';
import type { LogRecord, LogSlice, SharedLog } from './hub.ts';

/** KEYS: records, incarnation. Names of what all scripts begin with. */
const PREAMBLE = `
  local records, incarnation = KEYS[1], KEYS[2]
  local function idAt(command, from, to)
    local found = redis.call(command, records, from, to, 'COUNT', 1)[1]
    return found and tonumber(string.match(found[1], '^%d+'))
  end
  local function replicas()
    local _, online = string.gsub(redis.call('INFO', 'replication'), 'state=online', '')
    return online
  end
`;

/** ARGV: an incarnation to begin with, the text, the least to hold, the channel. Replies with the id and the replicas. */
const APPEND = new Script(`${PREAMBLE}
  local online = replicas()
  redis.call('SET', incarnation, ARGV[1], 'NX')
  local id = (idAt('XREVRANGE', '+', '-') or 0) + 1
  redis.call('XADD', records, 'MAXLEN', '~', ARGV[3], id .. '-0', 'text', ARGV[2])
  redis.call('PUBLISH', ARGV[4], id)
  return {redis.call('GET', incarnation), id, online}
`);
