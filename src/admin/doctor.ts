/**
 * `GET /doctor`: what a proxy that runs knows of itself, as the findings of `refrain doctor`, which looks from outside
 * and sees more.
 */
import type { Hint } from '../ledger/hint-list.ts';
import { type CheckResult, failure, type Finding, ok, warning } from './findings.ts';
import type { ProxyState } from './state.ts';

export interface DoctorReport {
  readonly ok: boolean;
  readonly checks: readonly Finding[];
}

/** At less than this share of hits something may keep requests from hitting, once there are so many. */
const LOW_RATE = 0.02;
const ENOUGH = 200;
/** A loop that is later than this, in seconds, delays every answer. */
const LATE = 0.1;
const GROUPED = new Intl.NumberFormat('en');

/** @param settings how many are not by default */
export function examineRunning(state: ProxyState, hints: readonly Hint[], settings: readonly string[]): DoctorReport {
  const results: Readonly<Record<string, CheckResult>> = {
    'settings': ok(`valid, ${settings.length} not by default`, settings),
    'Refrain': ok(`${state.version} runs since ${state.startedAt}, on Node ${process.versions.node}`),
    'files': checkFiles(state),
    'upstreams': checkUpstreams(state),
    'memory': checkMemory(state),
    'event loop': checkEventLoop(state),
    'hit rate': checkHitRate(state),
    'hints': checkHints(hints),
  };
  const checks = Object.entries(results).map(([check, result]) => ({ check, ...result }));
  return { ok: checks.every((finding) => finding.state !== 'failure'), checks };
}

const FILES: Readonly<Record<string, string>> = {
  store: 'the file of the store',
  ledger: 'the file of the usage ledger',
  redis: 'Redis',
};

function checkFiles({ files }: ProxyState): CheckResult {
  const names = Object.keys(files);
  const down = names.filter((name) => !files[name]).map((name) => FILES[name] ?? name);
  if (names.length === 0) return ok('none; answers are kept in memory alone');
  if (down.length > 0)
    return failure(`${down.join(' and ')} cannot be used now`, 'the log says why; requests are answered without it');
  return ok(`${names.map((name) => FILES[name] ?? name).join(', ')}: up`);
}

function checkUpstreams({ upstreams }: ProxyState): CheckResult {
  const told = upstreams.map(({ origin, setting, state, since, reason }) => {
    const last = state === 'down' ? 'does not answer' : 'answers again';
    return `${origin} (${setting}) ${last} since ${since}; last failure: ${reason}`;
  });
  const down = upstreams.filter(({ state }) => state === 'down').map(({ origin }) => origin);
  if (down.length > 0)
    return warning(`${down.join(', ')} does not answer`, 'see whether it runs, and its setting', told);
  return ok('none is known not to answer', told);
}

function checkMemory({ tiers }: ProxyState): CheckResult {
  const fills = tiers.map(({ tier, entries, bytes, maxBytes, evictions }) => {
    const share = maxBytes > 0 ? `${Math.round((100 * bytes) / maxBytes)} % full` : 'of no bound';
    return `${tier}: ${GROUPED.format(entries)} entries, ${share}, ${GROUPED.format(evictions)} made room for others`;
  });
  const last = tiers.at(-1);
  if (last && last.evictions > last.entries && last.evictions > ENOUGH)
    return warning('more answers made room for others than are kept', 'give the store more room', fills);
  return ok('the tiers have room', fills);
}

function checkEventLoop({ eventLoopDelay }: ProxyState): CheckResult {
  const late = eventLoopDelay['0.99'] ?? 0;
  const says = `99 % of its turns were at most ${Math.round(late * 1_000)} ms late`;
  return late > LATE ? warning(says, 'see what else this machine does, or start more workers') : ok(says);
}

function checkHitRate({ requests: { hit, follow, miss } }: ProxyState): CheckResult {
  const answered = hit + follow + miss;
  if (answered < ENOUGH)
    return ok(`${GROUPED.format(answered)} requests that could hit since the start; too few to say`);
  const rate = (hit + follow) / answered;
  const says = `${(100 * rate).toFixed(1)} % of ${GROUPED.format(answered)} requests cost no upstream call`;
  return rate < LOW_RATE ? warning(says, 'compare a miss with the entry that comes nearest to it') : ok(says);
}

function checkHints(hints: readonly Hint[]): CheckResult {
  if (hints.length === 0) return ok('nothing is seen to keep requests from hitting');
  const ways = hints.length === 1 ? '1 way' : `${hints.length} ways`;
  return warning(
    `requests are kept from hitting in ${ways}`,
    'see each',
    hints.map(({ text }) => text),
  );
}
