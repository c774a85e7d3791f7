/**
 * An answer that came to its end, and whether that is one to record: whatever the upstream ended by itself, also where
 * the cache would not keep it; errors on purpose alone; nothing that may have been cut.
 */
import type { Endpoint } from '../endpoint.ts';
import { JsonValidator } from '../response/complete-json.ts';
import type { Expectation, Verdict } from '../response/complete.ts';
import { RESPONSE_ENDPOINTS } from '../response/endpoints/table.ts';
import type { Head } from '../response/entry.ts';
import { isEventStream } from '../response/validator.ts';

export interface EndedAnswer {
  readonly head: Head;
  /** True where a length or chunks mark its end; else only the connection's end does. */
  readonly isDelimited: boolean;
  /** Null where nobody validated it. */
  readonly verdict: Verdict | null;
  readonly body: () => Buffer;
}

/** The request that it answers. */
export interface Asked {
  readonly method: string;
  /** Null where nobody knows how its answers say an error. */
  readonly endpoint: Endpoint | null;
}

export type WhyNotRecorded =
  /** An error, where these are not recorded. */
  | 'error'
  /** Only the end of its connection ended it. */
  | 'connection-close';

/** For the tokens and the end of an answer that is recorded whatever it says. */
export const WHATEVER_IT_SAYS: Omit<Expectation, 'endpoint'> = {
  choices: 1,
  prompts: 1,
  inputs: null,
  jsonText: false,
  output: false,
  usage: false,
  keep: new Set(['length', 'content-filter', 'empty', 'incomplete']),
  doneMarker: 'optional',
  noStore: 'ignore',
};

export function whyNotRecorded(
  { head, isDelimited, verdict, body }: EndedAnswer,
  { method, endpoint }: Asked,
  recordsErrors: boolean,
): WhyNotRecorded | null {
  const isWhole = verdict?.kind === 'whole';
  if (!isWhole && !recordsErrors && isError(head, endpoint, body)) return 'error';
  const hasNoBody = method === 'HEAD' || WITHOUT_BODY.has(head.status);
  return isDelimited || isWhole || hasNoBody || isJson(body()) ? null : 'connection-close';
}

/** Their head is all of them (RFC 9112, 6.3). */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 304]);

/** Tests whether an answer is an error: by its status, or by what a 200 says in the way of its endpoint. */
export function isError(head: Head, endpoint: Endpoint | null, body: () => Buffer): boolean {
  if (head.status !== 200 || endpoint === null) return head.status >= 400;
  const expected = { ...WHATEVER_IT_SAYS, endpoint };
  const validator = isEventStream(head)
    ? RESPONSE_ENDPOINTS[endpoint].createStreamValidator(expected, true)
    : new JsonValidator(expected);
  validator.push(body());
  const verdict = validator.end(body);
  return verdict.kind === 'unkept' && verdict.why === 'error-object';
}

function isJson(body: Buffer): boolean {
  try {
    JSON.parse(body.toString());
    return true;
  } catch {
    return false;
  }
}
