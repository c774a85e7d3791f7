/**
 * Stale answers in the place of failures (RFC 5861, 4): where the upstream
 * fails before it has begun an answer, or may not be asked for lack of room,
 * an entry that has expired is served, if the request permits it. A refusal
 * (401, 402, 403) is no failure: it stands.
 */
import { RefrainError, type ErrorCode } from '../errors.ts';
import type { Reader } from '../response/reader.ts';
import { waitForHead } from './following.ts';
import type { CacheResult } from './outcome.ts';
import type { Question } from './question.ts';
import type { StoredAnswers } from './stored.ts';

/** The codes of our own errors that say that the upstream is dead or silent. */
const FAILED: ReadonlySet<ErrorCode> = new Set(['upstream_unreachable', 'upstream_timeout', 'upstream_cut']);

export class StaleIfError {
  readonly #stored: StoredAnswers;

  constructor(stored: StoredAnswers) {
    this.#stored = stored;
  }

  /** Tests whether a question may have a stale answer at all. */
  isPermitted({ permission: { read, ask, maxStale, staleIfError } }: Question): boolean {
    return read && ask && (maxStale > 0 || staleIfError > 0);
  }

  /** The result, or a stale answer once the upstream has failed; the reader has left it then. */
  async instead(result: CacheResult, question: Question): Promise<CacheResult> {
    const { outcome, reader } = result;
    // One that leads has found nothing that would be served while it is refreshed.
    const isForErrors = question.permission.staleIfError > 0;
    if (outcome.word === 'hit' || (outcome.word === 'miss' && !isForErrors)) return result;
    const stays = reader.state !== 'waiting' || (await waitForHead(reader, question.client));
    const failure = stays ? failureOf(reader) : null;
    // Where the store fails, against its contract, the failure stands.
    const stale = failure && (await this.#find(question, failure).catch(() => null));
    if (!stale) return result;
    reader.leave();
    return stale;
  }

  /** A stale answer for a request that was turned away. */
  async insteadOf(error: unknown, question: Question): Promise<CacheResult> {
    const isShed = error instanceof RefrainError && error.code === 'overloaded';
    const stale = isShed ? await this.#find(question, SHED) : null;
    if (!stale) throw error;
    return stale;
  }

  /** Looked up now: what was purged since must not be served, nor anything to a caller who was refused since. */
  async #find(question: Question, failure: UpstreamFailure): Promise<CacheResult | null> {
    const own = await this.#stored.findOwn(question);
    if (!own || !question.mayBeStale()) return null;
    const { key, found } = own;
    const freshness = this.#stored.freshness(found, question.permission, question.sent);
    if (freshness === 'gone') return null;
    if (freshness === 'fresh') return this.#stored.open(key, found, freshness);
    return this.#stored.open(key, found, 'stale-if-error', undefined, failure.status);
  }
}

/** A failure that a stale answer may stand in for; without a status where the upstream was not asked. */
interface UpstreamFailure {
  readonly status?: number;
}

const SHED: UpstreamFailure = {};

/** Before its first byte: what has begun goes on. */
function failureOf({ head, failure }: Reader): UpstreamFailure | null {
  if (head !== null) return head.status === 429 || head.status >= 500 ? { status: head.status } : null;
  if (failure === null) return null;
  const { code, status } = failure.error;
  if (code === 'overloaded') return SHED;
  return FAILED.has(code) ? { status } : null;
}
