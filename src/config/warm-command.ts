/**
 * `refrain warm` as it is asked for: a file of requests, whom to ask them, and as whom.
 */
import { resolve } from 'node:path';
import { z } from 'zod';
import { type RawValue, refuse } from './raw-value.ts';
import type { ValueType } from './setting.ts';
import { type ConfigSources, type ExaminedConfig, examineConfig } from './sources.ts';
import { readForeignVariables } from './variables.ts';

export interface WarmCommand extends ExaminedConfig {
  readonly file: string;
  /** Base URL of the proxy to ask; null for that of the settings. */
  readonly url: string | null;
  /** Base URL that this environment gives to clients: perhaps of a proxy around this very command. */
  readonly baseUrl: string | null;
  /** How many requests are asked at a time. */
  readonly concurrency: number;
  /** File of the answers; null for none. */
  readonly output: string | null;
  /** Those of every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** The place of the credential, as a person knows it; null where none is shown. */
  readonly credential: string | null;
}

/** The flags of its own that were given. */
export interface WarmFlags {
  readonly url?: string;
  readonly concurrency?: number;
  readonly output?: string;
  readonly keyEnv?: string;
  readonly header?: readonly (readonly [string, string])[];
}

const STANDARD_KEY = 'OPENAI_API_KEY';
const BASE_URL = 'OPENAI_BASE_URL';
const STANDARD_CONCURRENCY = 8;

/** Account headers that OpenAI's SDKs send where these are set: they are in the scope of an answer. */
const ACCOUNTS = { OPENAI_ORG_ID: 'openai-organization', OPENAI_PROJECT_ID: 'openai-project' } as const;

const CREDENTIALS: readonly string[] = ['authorization', 'x-api-key', 'api-key'];

/** They say how this very request is sent. */
const FRAMING = /^(host|connection|content-length|content-type|transfer-encoding|expect|te|trailer|upgrade)$/i;

/** Headers as `NAME:VALUE`, each given by a flag of its own. */
export const headerLines: ValueType<readonly (readonly [string, string])[]> = {
  schema: z.array(
    z
      .string()
      .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*$/)
      .transform((text): readonly [string, string] => {
        const colon = text.indexOf(':');
        return [text.slice(0, colon).toLowerCase(), text.slice(colon + 1).trim()];
      })
      .refine(([name]) => !FRAMING.test(name)),
  ),
  allowed: 'a header as NAME:VALUE, but none that says how a request is sent',
  /** It may be a credential. */
  secret: true,
};

/** @throws ConfigError at the first value that cannot be used */
export function readWarm(file: string, flags: WarmFlags, sources: ConfigSources): WarmCommand {
  const { env, cwd } = sources;
  const { keyEnv = STANDARD_KEY } = flags;
  const variables = readForeignVariables(env, cwd, [keyEnv, BASE_URL, ...Object.keys(ACCOUNTS)]);
  const valueOf = (name: string) => textOf(variables.get(name));
  if (flags.keyEnv !== undefined && !valueOf(keyEnv)) throw refuse(`--key-env names ${keyEnv}, which is not set`);
  const given = new Map(flags.header);
  const isShown = CREDENTIALS.some((name) => given.has(name));
  const key = isShown ? null : valueOf(keyEnv);
  const credential = isShown ? '--header' : key === null ? null : keyEnv;
  return {
    ...examineConfig(sources),
    file: resolve(cwd, file),
    url: flags.url ?? null,
    baseUrl: valueOf(BASE_URL),
    concurrency: flags.concurrency ?? STANDARD_CONCURRENCY,
    output: flags.output === undefined ? null : resolve(cwd, flags.output),
    headers: { ...(key !== null && headersOf(key, keyEnv, valueOf)), ...Object.fromEntries(given) },
    credential,
  };
}

/** The headers of one who has this key, as OpenAI's SDKs send them. */
function headersOf(key: string, variable: string, valueOf: (name: string) => string | null): Record<string, string> {
  const accounts = variable === STANDARD_KEY ? Object.entries(ACCOUNTS) : [];
  const named = accounts.map(([name, header]) => [header, valueOf(name)] as const);
  return { authorization: `Bearer ${key}`, ...Object.fromEntries(named.filter(([, value]) => value !== null)) };
}

function textOf(variable: RawValue | undefined): string | null {
  return typeof variable?.value === 'string' && variable.value !== '' ? variable.value : null;
}
