/**
 * An answer that came to its end, and whether that is one to record: whatever the upstream ended by itself, also where
 * the cache would not keep it; errors on purpose alone; nothing that may have been cut.
 */
import type { Verdict } from '../response/complete.ts';
import type { Head } from '../response/entry.ts';

export interface EndedAnswer {
  readonly head: Head;
  /** True where a length or chunks mark its end; else only the connection's end does. */
  readonly isDelimited: boolean;
  /** Null where nobody validated it. */
  readonly verdict: Verdict | null;
  readonly body: () => Buffer;
}

export type WhyNotRecorded =
  /** An error, where these are not recorded. */
  | 'error'
  /** Only the end of its connection ended it. */
  | 'connection-close';

export function whyNotRecorded(answer: EndedAnswer, recordsErrors: boolean): WhyNotRecorded | null {
  if (isError(answer) && !recordsErrors) return 'error';
  const { isDelimited, verdict, body } = answer;
  return isDelimited || verdict?.kind === 'whole' || isJson(body()) ? null : 'connection-close';
}

function isError({ head, verdict }: EndedAnswer): boolean {
  return head.status >= 400 || (verdict?.kind === 'unkept' && verdict.why === 'error-object');
}

function isJson(body: Buffer): boolean {
  try {
    JSON.parse(body.toString());
    return true;
  } catch {
    return false;
  }
}
