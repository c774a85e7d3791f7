/**
 * One request of a caller whose acceptance is old goes up, as a refresh. What
 * the upstream answers to it is its answer, unless the upstream has trouble of
 * its own or takes its time: then what is kept is.
 */
import type { Cache } from '../cache/cache.ts';
import { type Callers, isAccepted, isRefused } from '../cache/callers.ts';
import type { CacheResult } from '../cache/outcome.ts';
import type { Client, Question } from '../cache/question.ts';
import { type Clock, within } from '../clock.ts';
import { RefrainError } from '../errors.ts';
import type { Reader } from '../response/reader.ts';

export interface Checker {
  readonly cache: Cache;
  readonly callers: Callers;
  readonly clock: Clock;
}

/** How long a request for which an answer is kept waits for the upstream to begin with its own. */
const PATIENCE_MS = 5_000;

/** @throws RefrainError where nothing is kept and the upstream may not be asked */
export async function recheck(
  { cache, callers, clock }: Checker,
  caller: string,
  question: Question,
): Promise<CacheResult> {
  callers.checking(caller);
  let result: CacheResult;
  try {
    result = await cache.open({ ...question, permission: { ...question.permission, read: false, follow: false } });
  } catch (error) {
    callers.checked(caller);
    return (await keptAnswer(cache, question)) ?? cache.orStale(Promise.reject(error), question);
  }
  const { reader, call } = result;
  const over = Promise.resolve(call).then(() => callers.checked(caller));
  await awaitBegun(reader, question.client, clock);
  if (saysOfCaller(reader.head?.status)) return result;
  const kept = await keptAnswer(cache, question);
  if (!kept) return cache.orStale(result, question);
  if (reader.state !== 'waiting') reader.leave();
  else readToNobody(reader, over);
  return kept;
}

/** Waits for the answer to begin, but not for long; where the client leaves meanwhile, its place is given up. */
async function awaitBegun(reader: Reader, client: Client, clock: Clock): Promise<void> {
  const { promise: left, resolve } = Promise.withResolvers<void>();
  const takeBack = client.onceGone(() => {
    reader.leave();
    resolve();
  });
  await within(clock, PATIENCE_MS, Promise.race([reader.whenBegun(), left]));
  takeBack();
}

/** The call goes on: what comes of it is said of the caller, and kept. */
function readToNobody(reader: Reader, over: Promise<unknown>): void {
  const changed = () => {
    while (reader.read()) {}
  };
  reader.player = { changed };
  void over.then(() => reader.leave());
}

/** Tests whether the answer stands, whatever is kept. */
function saysOfCaller(status = 0): boolean {
  return isRefused(status) || isAccepted(status);
}

async function keptAnswer(cache: Cache, question: Question): Promise<CacheResult | null> {
  const { key, permission, sent } = question;
  try {
    const hit = cache.hit(key, permission, sent);
    return hit ?? (await cache.open({ ...question, permission: { ...permission, ask: false } }));
  } catch (error) {
    if (error instanceof RefrainError) return null;
    throw error;
  }
}
