/**
 * One request of a caller whose acceptance is old goes up, as a refresh. What
 * the upstream answers to it is its answer, unless the upstream has trouble of
 * its own or takes its time: then what is kept is.
 */
import type { Cache } from '../cache/cache.ts';
import { type Callers, isAccepted, isRefused } from '../cache/callers.ts';
import type { CacheResult } from '../cache/outcome.ts';
import { type Client, type Question, withoutStale } from '../cache/question.ts';
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
export async function recheck(checker: Checker, caller: string, question: Question): Promise<CacheResult> {
  const { cache, callers, clock } = checker;
  callers.checking(caller);
  let result: CacheResult;
  // A call under a key of its own is one with its credential, whichever process makes it.
  const permission = { ...question.permission, read: false, follow: question.permission.follow && !question.shared };
  try {
    result = await cache.open({ ...question, permission });
  } catch (error) {
    callers.checked(caller);
    const failed = afterFailure(question);
    return (await keptAnswer(checker, caller, failed)) ?? cache.orStale(Promise.reject(error), failed);
  }
  const { reader, call } = result;
  const over = Promise.resolve(call).then(() => callers.checked(caller));
  await awaitBegun(reader, question.client, clock);
  if (saysOfCaller(reader.head?.status)) return result;
  // A stale answer is being refreshed for as long as the call goes on.
  const left = reader.state === 'waiting' ? question : afterFailure(question);
  const kept = await keptAnswer(checker, caller, left);
  if (!kept) return cache.orStale(result, left);
  cache.detach(result, question);
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

/** The question once its call has failed: what would be served while it is refreshed stands in for the failure. */
function afterFailure(question: Question): Question {
  const { maxStale, staleIfError, revalidates } = question.permission;
  if (!revalidates) return question;
  const permission = { ...question.permission, maxStale: 0, staleIfError: Math.max(maxStale, staleIfError) };
  return { ...question, permission };
}

/** The answer that is kept, as far as the caller may have it by now. */
async function keptAnswer(
  { cache, callers }: Checker,
  caller: string,
  question: Question,
): Promise<CacheResult | null> {
  if (callers.standing(caller, true) === 'refused') return null;
  const { key, sent } = question;
  const permission = question.mayBeStale() ? question.permission : withoutStale(question.permission);
  try {
    const hit = cache.hit(key, permission, sent);
    return hit ?? (await cache.open({ ...question, permission: { ...permission, ask: false } }));
  } catch (error) {
    if (error instanceof RefrainError) return null;
    throw error;
  }
}
