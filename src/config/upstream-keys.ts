/**
 * Keys of upstreams, for the doctor alone: the proxy has none. A key is sent to
 * the upstream that its variable is named for, and to no other.
 */
import { z } from 'zod';
import type { Config } from './config.ts';
import type { ValueType } from './setting.ts';
import { refuse } from './raw-value.ts';

/** The name of `upstream` itself where upstreams are named. */
const STANDARD = 'upstream';

const ALLOWED = 'a list, with commas between, of NAME=VARIABLE; NAME is upstream, or one of upstreams';

/** Variables that hold keys, by the name of their upstream. */
export const keyVariables: ValueType<ReadonlyMap<string, string>> = {
  schema: z
    .string()
    .regex(/^[a-z0-9-]+=[A-Za-z_][A-Za-z0-9_]*(,[a-z0-9-]+=[A-Za-z_][A-Za-z0-9_]*)*$/)
    .transform((text) => new Map(text.split(',').map((item) => item.split('=') as [string, string]))),
  allowed: ALLOWED,
  /** A key itself is easily put here in the place of its variable. */
  secret: true,
};

/** By the name of the upstream, null for the one that needs none. */
export type UpstreamKeys = ReadonlyMap<string | null, string>;

/** @throws ConfigError where a variable is not set, or an upstream not there */
export function readUpstreamKeys(
  config: Config,
  variables: ReadonlyMap<string, string>,
  env: NodeJS.ProcessEnv,
): UpstreamKeys {
  const { upstream, upstreams } = config;
  const keys = new Map<string | null, string>();
  const all = [[null, upstream] as const, ...Object.entries(upstreams).map(([name, { url }]) => [name, url] as const)];
  const { OPENAI_API_KEY: own } = env;
  for (const [name, url] of all) if (isOpenAi(url) && own) keys.set(name, own);
  for (const [name, variable] of variables) {
    const isThere = name === STANDARD || Object.hasOwn(upstreams, name);
    if (!isThere) throw refuse(`--keys names ${name}, which is no upstream; it may be ${ALLOWED}`);
    const key = env[variable];
    if (!key) {
      throw refuse(`--keys names ${variable}, which is not set; it may be the one that holds the key of ${name}`);
    }
    keys.set(name === STANDARD ? null : name, key);
  }
  return keys;
}

function isOpenAi(url: string): boolean {
  const { protocol, host } = new URL(url);
  return protocol === 'https:' && host === 'api.openai.com';
}
