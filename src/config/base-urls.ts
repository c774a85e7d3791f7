/**
 * Base URLs of a command that is run behind a proxy: the variables by which it finds its APIs. One that is set already
 * names an upstream, so that no key is sent to another API than the one that it is for; each is then given that of the
 * proxy in its place.
 */
import type { NamedUpstream } from './upstreams.ts';
import { baseUrl, upstreamNameOf } from './upstreams.ts';
import { type RawValues, readValue } from './raw-value.ts';

/** In this order: the first that is set is the upstream that needs no name. */
export const OPENAI_VARIABLES = ['OPENAI_BASE_URL', 'OPENAI_API_BASE'] as const;
export const ANTHROPIC_VARIABLE = 'ANTHROPIC_BASE_URL';

/** Without `/v1`, as its SDKs have it. */
const ANTHROPIC = 'https://api.anthropic.com';

/** A variable of the command. */
export interface BaseUrl {
  readonly variable: string;
  /** The upstream that it leads to, as it was set; null where it was not, or does not count. */
  readonly url: string | null;
  /** The name of that upstream; null for the one that needs none. */
  readonly name: string | null;
  /** The end of its value, behind the address of the proxy. */
  readonly path: string;
}

interface GivenUpstream {
  /** Those that are set. */
  readonly variables: RawValues;
  /** The upstream that needs no name. */
  readonly upstream: string;
  /** True where that was given to Refrain: all go there then. */
  readonly isGiven: boolean;
}

/** @param others further variables. @throws ConfigError where one is set to what is no base URL */
export function listBaseUrls(
  others: readonly string[],
  { variables, upstream, isGiven }: GivenUpstream,
): readonly BaseUrl[] {
  const names = new Set<string>([...OPENAI_VARIABLES, ANTHROPIC_VARIABLE, ...others]);
  return [...names].map((variable) => {
    const raw = isGiven ? undefined : variables.get(variable);
    const url = raw === undefined ? null : readValue(raw, baseUrl);
    const isOpenAi = OPENAI_VARIABLES.some((known) => known === variable);
    const name = isOpenAi && (url ?? upstream) === upstream ? null : upstreamNameOf(variable);
    return { variable, url, name, path: `${name === null ? '' : `/${name}`}${versionOf(variable, url)}` };
  });
}

/** The upstreams that these variables name, over those that are configured. */
export function withBaseUrls(
  configured: Readonly<Record<string, NamedUpstream>>,
  bases: readonly BaseUrl[],
  { upstream, isGiven }: Omit<GivenUpstream, 'variables'>,
): Readonly<Record<string, NamedUpstream>> {
  // A request's path may begin with any word, `constructor` too: it must find nothing.
  const upstreams: Record<string, NamedUpstream> = Object.assign(Object.create(null), configured);
  for (const { variable, url, name } of bases) {
    if (name === null) continue;
    const standard = variable === ANTHROPIC_VARIABLE && !isGiven ? ANTHROPIC : upstream;
    const known = upstreams[name] ?? { url: standard, dialect: 'auto', doneMarker: null, noStore: null, forms: null };
    upstreams[name] = url === null ? known : { ...known, url };
  }
  return upstreams;
}

/** One `/v1` before a request's path is taken for that of an upstream that ends in it: so each has what it had. */
function versionOf(variable: string, url: string | null): string {
  if (url === null) return variable === ANTHROPIC_VARIABLE ? '' : '/v1';
  return url.endsWith('/v1') ? '/v1' : '';
}
