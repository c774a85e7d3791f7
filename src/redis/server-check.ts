/**
 * The check of servers at start and by the doctor: would they keep what a
 * fleet must not lose, and bound what it may.
 */
import { ConfigError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { RedisConnection } from './connection.ts';
import { figureOf, readInfo, type ServerInfo } from './server-info.ts';

export interface ServerFinding {
  /** True where a start is refused. */
  readonly isRefusal: boolean;
  readonly says: string;
  readonly advice: string;
}

/** The first version that is tested, and has all that scripts use. */
const LEAST_VERSION = 7;

/** @returns nothing where all is well; undefined where a server is out of reach */
export async function checkServers(connection: RedisConnection): Promise<readonly ServerFinding[] | undefined> {
  const servers = connection.bulkServers();
  if (servers === undefined) return undefined;
  const infos = await Promise.all(servers.map((server) => readInfo(server, 'server', 'memory')));
  const findings = infos.flatMap((info) => (info === undefined ? [UNKNOWN] : findingsOf(info)));
  // Of servers that are alike, one finding.
  return [...new Map(findings.map((finding) => [finding.says, finding])).values()];
}

/**
 * Warns of what is not well. A server that is out of reach is no reason to refuse a start.
 * @throws ConfigError where a start is to be refused
 */
export async function requireFitServers(connection: RedisConnection, log: Log): Promise<void> {
  const findings = (await checkServers(connection)) ?? [];
  for (const { isRefusal, says, advice } of findings) {
    if (isRefusal) throw new ConfigError(`${says}; ${advice}`);
    log.warn(`${says}; ${advice}`);
  }
}

const UNKNOWN: ServerFinding = {
  isRefusal: false,
  says: 'Redis does not say what its maxmemory-policy is',
  advice: 'let its user run INFO, and see that the policy is volatile-lru or volatile-lfu',
};

function findingsOf(info: ServerInfo): ServerFinding[] {
  const findings: ServerFinding[] = [];
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  const version = info.get('redis_version') ?? '';
  if (policy.startsWith('allkeys-')) {
    findings.push({
      isRefusal: true,
      says: `Redis has the maxmemory-policy ${policy}, by which it may evict the log of purges`,
      advice: 'set it to volatile-lru or volatile-lfu: entries have a time to live, and what must stay has none',
    });
  }
  if (policy === 'noeviction') {
    const isBounded = figureOf(info, 'maxmemory') > 0;
    const consequence = isBounded ? 'stores nothing more once it is full' : 'takes all the memory there is';
    findings.push({
      isRefusal: false,
      says: `Redis has the maxmemory-policy noeviction and ${isBounded ? 'a' : 'no'} maxmemory: it ${consequence}`,
      advice: 'set maxmemory, and maxmemory-policy to volatile-lru or volatile-lfu',
    });
  }
  if (Number.parseInt(version, 10) < LEAST_VERSION) {
    findings.push({
      isRefusal: false,
      says: `Redis is of version ${version}, and Refrain is made for ${LEAST_VERSION}.0 and later`,
      advice: 'use a newer one, or Valkey',
    });
  }
  return findings;
}
