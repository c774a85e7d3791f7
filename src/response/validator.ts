/**
 * The validator that an answer gets, by its head.
 */
import type { Expectation, Validator, NoStore, Unkept } from './complete.ts';
import { JsonValidator } from './complete-json.ts';
import { RESPONSE_ENDPOINTS } from './endpoints/table.ts';
import { type Head, headerOf } from './entry.ts';
import { isLegible, UnstorableValidator } from './tail-usage.ts';
import { UnlabelledValidator } from './unlabelled-answer.ts';
import { innerCacheOf } from './inner-cache.ts';
import { variesByMore } from './vary.ts';
import type { Framing } from './writer.ts';

/** JSON, also as a format that is built on it (RFC 6839, 3.1). */
const JSON_MEDIA = /^(application|text)\/([\w.-]+\+)?json$/;

/** Types that do not say what a body is: none, and what frameworks send where a server says none. */
const UNSAID: ReadonlySet<string> = new Set(['', 'text/plain', 'application/octet-stream']);

export function validatorOf(expected: Expectation, head: Head, framing: Framing): Validator {
  const unkept = whyNotByHead(head, expected.noStore);
  if (unkept) return new UnstorableValidator(unkept, expected.endpoint, head);
  const ofDocument = () => new JsonValidator(expected);
  const ofStream = () => RESPONSE_ENDPOINTS[expected.endpoint].createStreamValidator(expected, framing.delimited);
  if (UNSAID.has(mediaType(head))) return new UnlabelledValidator(ofDocument, ofStream);
  return isEventStream(head) ? ofStream() : ofDocument();
}

/** Why an answer with this head is not kept whatever its body says, or nothing. */
export function whyNotByHead(head: Head, noStore: NoStore): Unkept | null {
  if (head.status !== 200) return 'status';
  const forbidden = whyForOneAlone(head, noStore);
  if (forbidden) return forbidden;
  if (!isLegible(head)) return 'encoded';
  const media = mediaType(head);
  return media === 'text/event-stream' || JSON_MEDIA.test(media) || UNSAID.has(media) ? null : 'content-type';
}

/** Why the upstream lets this answer be played to nobody but who asked for it, or nothing. */
export function whyForOneAlone(head: Head, noStore: NoStore): 'upstream-no-store' | 'vary' | null {
  if (variesByMore(head)) return 'vary';
  const inner = innerCacheOf(head);
  if (inner?.isBypass) return 'upstream-no-store';
  const isForbidden = saysNoStore(headerOf(head.headers, 'cache-control') ?? '');
  return isForbidden && noStore === 'obey' && !inner?.mayBeStored ? 'upstream-no-store' : null;
}

/**
 * In doubt it does: some write semicolons between directives, or give it an argument.
 * @param cacheControl of an answer
 */
export function saysNoStore(cacheControl: string): boolean {
  return /(^|[,;\s])no-store([,;=\s]|$)/i.test(cacheControl);
}

export function isEventStream(head: Head): boolean {
  return /^\s*text\/event-stream\s*(;|$)/i.test(headerOf(head.headers, 'content-type') ?? '');
}

function mediaType(head: Head): string {
  return (headerOf(head.headers, 'content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
