/**
 * The rules by which an answer on its way may be played to others, once its head is known.
 */
import type { Clock } from '../clock.ts';
import type { Head } from '../response/entry.ts';
import type { Reader } from '../response/reader.ts';
import type { Flight } from './flight.ts';
import type { Client, Question } from './question.ts';

/** Statuses that speak of a credential or an account, not of a question. */
const PERSONAL_STATUS: ReadonlySet<number> = new Set([401, 402, 403, 429]);

/** Tests whether an answer with this head is one to this question, too. */
export function mayPlay({ landing: sink }: Flight, head: Head, { shared, permission, sent }: Question): boolean {
  if (!sink?.terms || (shared && PERSONAL_STATUS.has(head.status))) return false;
  const { variant, whyForOneAlone, age } = sink.terms;
  if (variant !== null && sent.digestOf(variant.by) !== variant.digest) return false;
  return whyForOneAlone === null && age <= permission.maxAge;
}

export interface Patience {
  readonly clock: Clock;
  /** How long, in seconds, a request waits for the first byte of another's call before one may call anew. */
  readonly patience: number;
}

/** Tests whether a flight has been silent for so long that a further attempt may start, and take its place. */
export function isOverdue(flight: Flight, { clock, patience }: Patience): boolean {
  const {
    recording,
    callMetrics: { startedAt: ledAt },
  } = flight;
  return recording.head === null && ledAt !== null && clock.now() - ledAt > patience * 1000;
}

/** Resolves when the head is known or there will be none; false where the client left before, its place given up. */
export function waitForHead(reader: Reader, client: Client): Promise<boolean> {
  return new Promise((resolve) => {
    const takeBack = client.onceGone(() => {
      reader.leave();
      resolve(false);
    });
    void reader.whenBegun().then(() => {
      takeBack();
      resolve(true);
    });
  });
}
