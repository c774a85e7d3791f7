/**
 * Requests with the keys that they have, written down: what is stored under a
 * key is found again by the next version of this code, or the key has another
 * version.
 */
import type { Dialect } from '../../src/dialect.ts';
import { KEY_VERSION } from '../../src/request/fingerprint.ts';
import { keyFor, rulesWith } from '../harness/keys.ts';

export interface GoldenKeys {
  readonly version: string;
  readonly requests: readonly GoldenRequest[];
}

interface GoldenRequest {
  /** The property that it shows. */
  readonly name: string;
  readonly path?: string;
  /** `name: value`. */
  readonly headers?: readonly string[];
  readonly upstream?: string;
  /** As `key.ignore` has it. */
  readonly ignore?: readonly string[];
  /** As `key.include` has it. */
  readonly include?: readonly string[];
  /** `openai` where it is not said. */
  readonly dialect?: Dialect;
  readonly body?: string;
  /** The body in hexadecimal digits, where no text can hold it. */
  readonly bytes?: string;
  readonly key?: string;
}

export const GOLDEN_KEYS = new URL('golden-keys.json', import.meta.url);

export function keyNow({ path, headers = [], upstream, ignore, include, dialect, body, bytes }: GoldenRequest): string {
  const rawHeaders = headers.flatMap((header) => header.split(': ', 2));
  const rules = rulesWith({
    ...(upstream && { origin: upstream }),
    ...(ignore && { ignore }),
    ...(include && { include }),
    ...(dialect && { dialect }),
  });
  return keyFor(
    { ...(path && { path }), headers: rawHeaders, body: body ?? Buffer.from(bytes as string, 'hex') },
    rules,
  );
}

export const WHAT_TO_DO =
  'a request has another key than before, so nothing that is stored would be found rightly: raise ' +
  'KEY_VERSION in src/request/fingerprint.ts, then run `node test/generate.ts`';

/**
 * @param text the file as it is; a request without a key is given one
 * @throws where a key has changed though its version has not
 */
export function refreshGoldenKeys(text: string): string {
  const { version, requests } = JSON.parse(text) as GoldenKeys;
  const renamed = requests.map((request) => ({ ...request, key: keyNow(request) }));
  const changed = renamed.filter(({ key }, at) => version === KEY_VERSION && (requests[at]?.key ?? key) !== key);
  if (changed.length > 0) throw new Error(`${WHAT_TO_DO}: ${changed.map(({ name }) => name).join(', ')}`);
  return `${JSON.stringify({ version: KEY_VERSION, requests: renamed }, null, 2)}\n`;
}
