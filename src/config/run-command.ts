/**
 * `refrain run` as it is asked for: the proxy's settings, and the command with its environment. The proxy is for that
 * command alone, on free ports of this machine, and as quiet as it may be.
 */
import { ANTHROPIC_VARIABLE, type BaseUrl, listBaseUrls, OPENAI_VARIABLES, withBaseUrls } from './base-urls.ts';
import { isOffline } from './config.ts';
import { placeIn } from './origin.ts';
import { PROXY_VARIABLES } from './outbound.ts';
import type { RawValue, RawValues } from './raw-value.ts';
import { type ConfigSources, type ExaminedConfig, examineConfig } from './sources.ts';
import { readForeignVariables } from './variables.ts';

/** A proxy that is for one command, or one test file, alone. */
export interface RunProxy extends ExaminedConfig {
  /** True where something unrecorded is a failure. */
  readonly isStrict: boolean;
  /** The upstreams that the environment names, in one line; null where it names none. */
  readonly notice: string | null;
  /** The variables by which it is found, over those that there are. @param api its address */
  readonly variablesAt: (api: string) => Readonly<Record<string, string>>;
}

export interface RunCommand extends RunProxy {
  /** The command and its arguments. */
  readonly words: readonly [string, ...string[]];
  /** The environment of the command. @param api the address of the proxy */
  readonly environmentAt: (api: string) => NodeJS.ProcessEnv;
}

/** The flags of its own that were given. */
export interface RunFlags {
  readonly strict?: boolean;
  readonly env?: readonly string[];
}

/** Keys without which the SDKs do not even start. */
const KEYS = ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY'] as const;
const DUMMY_KEY = 'refrain-offline';

const NAME = 'refrain run';
const inRun = (values: Readonly<Record<string, unknown>>): RawValues =>
  new Map(Object.entries(values).map(([path, value]) => [path, { name: NAME, value }]));

/** By their flags. Variables and files may be those of another proxy, which has the address that they say. */
const OWN = inRun({ 'host': '127.0.0.1', 'port': 0, 'admin-host': '127.0.0.1', 'admin-port': 0, 'workers': 1 });

/** @throws ConfigError at the first value that cannot be used */
export function readRun(words: RunCommand['words'], flags: RunFlags, sources: ConfigSources): RunCommand {
  const proxy = readRunProxy(flags, sources);
  return { ...proxy, words, environmentAt: (api) => ({ ...sources.env, ...proxy.variablesAt(api) }) };
}

/** @throws ConfigError at the first value that cannot be used */
export function readRunProxy({ strict, env: others = [] }: RunFlags, { flags, env, cwd }: ConfigSources): RunProxy {
  const known = [...OPENAI_VARIABLES, ANTHROPIC_VARIABLE, ...others, ...KEYS];
  const variables = readForeignVariables(env, cwd, known);
  const openAi = OPENAI_VARIABLES.map((name) => variables.get(name)).find((raw) => raw !== undefined);
  const fallbacks = new Map<string, RawValue>(inRun({ logLevel: 'warn' }));
  if (openAi) fallbacks.set('upstream', openAi);
  const examined = examineConfig({ flags: new Map([...OWN, ...flags]), env, cwd, fallbacks });
  const { upstream, upstreams } = examined.config;
  const from = placeIn(examined.origins, 'upstream');
  const given = { upstream, isGiven: from !== null && !OPENAI_VARIABLES.some((name) => from.startsWith(name)) };
  const bases = listBaseUrls(others, { ...given, variables });
  const isCi = isSet(env['CI']);
  const offline = isOffline(examined.config) || (isCi && isReplayed(examined));
  const config = { ...examined.config, offline, upstreams: withBaseUrls(upstreams, bases, given) };
  return {
    ...examined,
    config,
    isStrict: strict ?? isCi,
    notice: noticeOf(bases),
    variablesAt: (api) => ({
      ...Object.fromEntries(bases.map(({ variable, path }) => [variable, `${api}${path}`])),
      ...(offline && Object.fromEntries(KEYS.filter((key) => !variables.has(key)).map((key) => [key, DUMMY_KEY]))),
      ...withoutOutboundProxy(env, new URL(api).hostname),
    }),
  };
}

/** Tests whether a cassette is one to be replayed in CI: nobody says what to record. */
function isReplayed({ config, origins }: ExaminedConfig): boolean {
  return config.cassette !== null && placeIn(origins, 'offline') === null && placeIn(origins, 'record') === null;
}

/** Services of CI set it to `true`; people turn it off by `false`. */
function isSet(variable: string | undefined): boolean {
  return !['', '0', 'false'].includes(variable ?? '');
}

function noticeOf(bases: readonly BaseUrl[]): string | null {
  const named = bases.filter(({ url }) => url !== null).map(({ variable, url }) => `${variable} (${url})`);
  return named.length === 0 ? null : `upstreams from the environment: ${named.join(', ')}`;
}

/** The variables by which clients that go through an outbound proxy reach this one directly. */
function withoutOutboundProxy(env: NodeJS.ProcessEnv, host: string): Readonly<Record<string, string>> {
  const isThere = [...PROXY_VARIABLES, 'all_proxy', 'ALL_PROXY'].some((name) => env[name]);
  if (!isThere) return {};
  const hosts = [env['no_proxy'] || env['NO_PROXY'], host].filter(Boolean).join(',');
  return { no_proxy: hosts, NO_PROXY: hosts };
}
