/**
 * Which answers on their way may be played to whom, once their head is known.
 */
import type { Clock } from '../clock.ts';
import type { Head } from '../response/entry.ts';
import { innerCacheOf } from '../response/inner-cache.ts';
import { whyForOneAlone } from '../response/judge.ts';
import type { Listener } from '../response/listener.ts';
import type { Flight } from './flight.ts';
import type { Client, Question } from './question.ts';
import { variantOf } from './variants.ts';

/** What an upstream says of a credential or an account, not of a question. */
const PERSONAL_STATUS: ReadonlySet<number> = new Set([401, 402, 403, 429]);

/** Whether an answer with this head is one to this question, too. */
export function mayPlay(flight: Flight, head: Head, { shared, permission, sent }: Question): boolean {
  const { landing } = flight;
  if (landing === null || (shared && PERSONAL_STATUS.has(head.status))) return false;
  if (variantOf(head, landing.sent)?.digest !== variantOf(head, sent)?.digest) return false;
  if (head.status !== 200) return true;
  return whyForOneAlone(head, landing.expected.noStore) === null && (innerCacheOf(head)?.age ?? 0) <= permission.maxAge;
}

/**
 * Whether a flight has not said a byte for so long that a further attempt may start, which then takes its place.
 * @param patience seconds
 */
export function isOverdue({ recording, account: { ledAt } }: Flight, { clock, patience }: { readonly clock: Clock; readonly patience: number }): boolean {
  return recording.head === null && ledAt !== null && clock.now() - ledAt > patience * 1000;
}

/** Resolves when the head is known, or there will be none; false where the client leaves before, and has given up its place. */
export function waitForHead(listener: Listener, client: Client): Promise<boolean> {
  return new Promise((resolve) => {
    const takeBack = client.onceGone(() => {
      listener.leave();
      resolve(false);
    });
    void listener.whenBegun().then(() => {
      takeBack();
      resolve(true);
    });
  });
}
