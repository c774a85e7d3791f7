/**
 * The parts of the proxy that need the rules by which requests are read.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Unrecorded } from './cassette/unrecorded.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { Origin } from './config/origin.ts';
import type { Log } from './log.ts';
import { HeadMemo } from './proxy/head-memo.ts';
import type { ProxyDependencies } from './proxy/proxy-dependencies.ts';
import { openReplay } from './replay.ts';
import type { Rules } from './request/parsed-head.ts';
import { createRules, type ExchangeRules } from './rules.ts';
import type { Stores } from './stores.ts';

export type Readers = Pick<ProxyDependencies, 'pseudonym' | 'heads' | 'keep' | 'keepsPrompts' | 'omissions' | 'replay'>;

export interface ReadersOptions {
  readonly secret: Buffer;
  /** Where the settings got their values, to be named where there is trouble with them. */
  readonly origins: readonly Origin[];
  readonly stores: Stores;
  readonly unrecorded: Unrecorded;
  /** Another process of this proxy, of which this one has its name in `Via`; absent where there is none. */
  readonly remote: { readonly pseudonym: string } | undefined;
  readonly log: Log;
  readonly clock: Clock;
}

export interface OpenReaders {
  /** Null where there is no cassette. */
  readonly exchanges: ExchangeRules | null;
  readonly rules: Rules;
  readonly readers: Readers;
}

/** Enough that no two processes of a chain call themselves the same. */
const PSEUDONYM_BYTES = 8;

/** @throws ConfigError where a cassette cannot be used */
export async function openReaders(config: Config, options: ReadersOptions): Promise<OpenReaders> {
  const { secret, origins, stores, unrecorded, remote, log, clock } = options;
  const { exchanges, replay } = await openReplay(config, { store: stores.cassette, unrecorded, log, clock });
  const rules = createRules(config, secret, origins, exchanges);
  const pseudonym = remote?.pseudonym ?? makePseudonym(config, secret);
  const heads = new HeadMemo({ rules, pseudonym });
  const [keep, keepsPrompts] = [new Set(config.keep), config.store.prompts];
  return { exchanges, rules, readers: { pseudonym, heads, keep, keepsPrompts, omissions: rules.omissions, replay } };
}

/**
 * The name of this process in `Via`. In a fleet it is that of all who ask the same upstreams: one node would wait for
 * the answer that another waits for by way of it.
 */
function makePseudonym({ redis, upstream, upstreams }: Config, secret: Buffer): string {
  const asked = JSON.stringify([
    upstream,
    Object.entries(upstreams)
      .map(([name, { url }]) => [name, url])
      .sort(),
  ]);
  const bytes = redis === null ? randomBytes(PSEUDONYM_BYTES) : createHmac('sha256', secret).update(asked).digest();
  return `refrain-${bytes.toString('hex', 0, PSEUDONYM_BYTES)}`;
}
