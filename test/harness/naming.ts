/**
 * The key of a request, by the rules that a proxy has, without a proxy.
 */
import { createCallers } from '../../src/request/caller.ts';
import { createOmissions } from '../../src/request/fields.ts';
import { readHeaderFields } from '../../src/request/header-fields.ts';
import { nameAnswer } from '../../src/request/naming.ts';
import { readHead, type Rules } from '../../src/request/reading.ts';

export interface Request {
  readonly path?: string;
  /** Names and values in turn. */
  readonly headers?: readonly string[];
  readonly body: string | Buffer;
}

export function rulesWith(ignore: readonly string[] = ['default'], origin = 'https://upstream.test'): Rules {
  return {
    targets: { standard: { origin, basePath: '/v1', setting: 'upstream', doneMarker: 'required' }, named: new Map() },
    policy: { ttl: 60, maxTtl: 60, mode: 'all' },
    omissions: createOmissions(ignore),
    callerOf: createCallers(Buffer.alloc(32, 1), { name: null, members: [] }),
  };
}

const RULES = rulesWith();

/** The fingerprint and form of a request, or why it has none. */
export function keyFor({ path = '/v1/chat/completions', headers = [], body }: Request, rules: Rules = RULES): string {
  const { occasion } = readHead(rules, { method: 'POST', url: path, fields: readHeaderFields(headers) });
  if (occasion === null) return 'route';
  const naming = nameAnswer(occasion, Buffer.from(body));
  return typeof naming === 'string' ? naming : naming.key;
}
