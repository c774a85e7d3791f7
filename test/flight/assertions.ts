/**
 * The assertions about an answer: as it may be, by all that was said and done
 * until then.
 */
import { callOf } from './answers.ts';
import type { CacheResult } from '../../src/cache/outcome.ts';
import { type Asker, codeOf } from './asker.ts';
import type { Call } from './call.ts';
import type { Invariants } from './invariants.ts';
import { TAKEOVER_AFTER, type Setting } from './harness.ts';

export function checkAnswer(invariants: Invariants, setting: Setting, asker: Asker, calls: readonly Call[]): void {
  const why = whyWrong(invariants, setting, asker, calls);
  invariants.findings.hold(why === null, () => `request ${asker.topic.key} of step ${asker.openedStep} ${why}`);
}

/** The first fault, or null. */
function whyWrong(invariants: Invariants, setting: Setting, asker: Asker, calls: readonly Call[]): string | null {
  if (asker.state === 'asking') return null;
  if (asker.state === 'refused')
    return isRefusable(invariants, setting, asker) ? null : `is refused with ${asker.error}`;
  const wrongWord = whyWrongWord(asker);
  if (wrongWord) return wrongWord;
  const { head } = asker.listener;
  if (head === null) return whyNotHeadless(invariants, setting, asker, calls);
  const call = calls.find(({ number }) => number === callOf(head));
  if (!call || !mayHear(asker, call)) return 'hears the answer to another';
  const heard = Buffer.concat(asker.played);
  const sent = call.sent.length === 0 ? heard.subarray(0, 0) : Buffer.concat(call.sent);
  if (!heard.equals(sent.subarray(0, heard.length))) return `hears what call ${call.number} has not said`;
  const word = asker.result?.outcome.word;
  if (word === 'hit') return whyNotHit(invariants, asker, call) ?? whyNotStandIn(setting, asker, calls);
  const wrongFollow = word === 'follow' ? whyNotFollow(invariants, asker, call) : null;
  return wrongFollow ?? whyNotEnded(invariants, setting, asker, call);
}

/** Why it may not be where it is without having seen a head. */
function whyNotHeadless(invariants: Invariants, setting: Setting, asker: Asker, calls: readonly Call[]): string | null {
  if (asker.played.length > 0 || asker.state === 'complete') return 'hears an answer without a head';
  if (asker.state !== 'cut') return null;
  const audible = calls.filter((call) => mayHear(asker, call));
  return whyNotCut(invariants, setting, asker, audible);
}

/** Why what it heard may not have ended as it did. */
function whyNotEnded(invariants: Invariants, setting: Setting, asker: Asker, call: Call): string | null {
  if (asker.state === 'cut') return whyNotCut(invariants, setting, asker, [call]);
  if (asker.state !== 'complete') return null;
  if (lengthOf(asker.played) !== lengthOf(call.sent)) return `hears less than all of call ${call.number}`;
  return mayBeComplete(call) ? null : `hears all of call ${call.number}, which broke off`;
}

function mayHear(asker: Asker, call: Call): boolean {
  if (asker.manner.permission === null || call.asker.manner.permission === null) return call.asker === asker;
  const { key, other } = asker.topic;
  // An answer of another form is made of what is kept of it.
  return call.asker.topic.key === key || (call.asker.topic.key === other && asker.result?.outcome.word === 'hit');
}

function isRefusable({ isFaulty }: Invariants, { limits }: Setting, { error, manner: { permission } }: Asker): boolean {
  const code = codeOf(error);
  if (code === 'not_cached') return permission?.ask === false;
  if (code === 'overloaded') return limits.flights < Infinity || limits.listeners < Infinity;
  return isFaulty;
}

function whyWrongWord({ result, manner: { permission } }: Asker): string | null {
  const word = result?.outcome.word;
  const isRight =
    permission === null
      ? word === 'bypass'
      : word === 'hit'
        ? permission.read
        : word === 'follow'
          ? permission.follow
          : word === 'miss' && permission.ask;
  return isRight ? null : `is a ${word}`;
}

/** Why it may not have joined this call. */
function whyNotFollow(
  invariants: Invariants,
  { topic, openedStep, openedAt, hasLeftEarly }: Asker,
  call: Call,
): string | null {
  if (hasLeftEarly) return null;
  const status = call.answer?.head.status;
  if (status !== 200 && openedStep > call.begunStep) return 'joins an error';
  if (call.answer?.turn === 'no-store') return 'is played what is for one alone';
  if (status === 401 && topic.shared) return 'is told what was said of the credential of another';
  if (invariants.wasPurged(topic.key, call.ledStep + 1, openedStep)) return 'joins what was fenced';
  if (call.asker.isFirst && call.asker.isUnkept) return 'waits for what is known not to be kept';
  const isSilent = call.ledStep < openedStep && openedStep < call.begunStep;
  return isSilent && openedAt - call.ledAt > TAKEOVER_AFTER * 1000 ? 'waits for what is overdue' : null;
}

const lengthOf = (chunks: readonly Buffer[]) => chunks.reduce((sum, { length }) => sum + length, 0);

/** @param staleFor how long ago the entry expired, in ms; negative where it has not */
function isTooStale(staleFor: number, { permission }: Asker['manner'], result: Asker['result']): boolean {
  if (staleFor < 0) return false;
  const { maxStale = 0, staleIfError = 0 } = permission ?? {};
  const isStandIn = result?.outcome.word === 'hit' && result.outcome.freshness === 'stale-if-error';
  const accepted = isStandIn ? Math.max(maxStale, staleIfError) : maxStale;
  return accepted === 0 || staleFor > accepted * 1000;
}

function whyNotHit(
  invariants: Invariants,
  { manner, state, result, listener: reader, openedStep, openedAt, played }: Asker,
  call: Call,
): string | null {
  const kept = invariants.kept.get(call.number);
  if (!kept) return `hits call ${call.number}, which was not kept`;
  // A store that fails to delete keeps what it has, and whoever purges is told.
  if (!invariants.isFaulty && invariants.wasPurged(call.asker.topic.key, kept.step + 1, openedStep))
    return 'hits what was purged';
  if (invariants.wasForgottenBefore(call.answer?.id ?? null, openedStep)) return 'hits what was forgotten';
  const { maxAge = 0 } = manner.permission ?? {};
  if (openedAt - kept.at > maxAge * 1000) return 'hits what is too old';
  const expiredAt = kept.at + (call.asker.manner.permission?.ttl ?? 0) * 1000;
  if (isTooStale(openedAt - expiredAt, manner, result)) return 'hits what has expired';
  if (state === 'cut' || reader.state !== 'complete') return 'hits what is not whole';
  return state !== 'complete' || Buffer.concat(played).length === kept.bytes
    ? null
    : 'hears less than all of what was kept';
}

/** Why it may not have been answered by what has expired in the place of a failure. */
function whyNotStandIn(
  { limits }: Setting,
  { topic, result, openedStep }: Asker,
  calls: readonly Call[],
): string | null {
  const { outcome } = result as CacheResult;
  if (outcome.word !== 'hit' || outcome.freshness !== 'stale-if-error') return null;
  if (outcome.status === null) {
    return limits.flights < Infinity || limits.listeners < Infinity ? null : 'is turned away without need';
  }
  const hasFailed = ({ asker, end, answer, failedStep, begunStep }: Call) =>
    asker.topic.key === topic.key &&
    (answer === null
      ? end === 'failed' && failedStep >= openedStep
      : answer.turn === 'failing' && begunStep >= openedStep);
  return calls.some(hasFailed) ? null : 'hits what has expired though nothing failed';
}

/** Why an answer may not have been cut that came from one of these calls. */
function whyNotCut(
  invariants: Invariants,
  { limits }: Setting,
  { error, result }: Asker,
  calls: readonly Call[],
): string | null {
  const code = codeOf(error);
  const isReason = (call: Call): boolean => {
    const isCommitted = call.terminalAt !== null && !invariants.mayBeLiveOnly(call);
    switch (code) {
      case 'upstream_cut':
        return call.end === 'failed' && !isCommitted;
      case 'listener_too_slow':
        return invariants.mayBeLiveOnly(call);
      case 'internal_error':
        return call.end === 'failed' && call.asker.manner.leading.endsWith('throws');
      default:
        return false;
    }
  };
  if (calls.some(isReason) || invariants.isFaulty) return null;
  // It was let in to listen; only the call can have been one too many.
  if (code === 'overloaded' && result?.reader.head === null && limits.flights < Infinity) return null;
  return `is cut with ${error}`;
}

/** An answer that its upstream has ended is over, whole or not; so is one that has said its terminal event. */
function mayBeComplete({ answer, end, isAborted, terminalAt }: Call): boolean {
  if (answer === null) return false;
  return end === 'finished' || (terminalAt !== null && (end !== null || isAborted));
}
