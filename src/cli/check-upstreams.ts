/**
 * The doctor on the network: do the upstreams answer, by way of which proxy,
 * and does the clock agree with theirs.
 */
import type { Config } from '../config/config.ts';
import { reasonOf } from '../errors.ts';
import { adviceOn } from '../upstream/advice.ts';
import type { Greeting } from './ask-upstream.ts';
import { failure, ok, type CheckResult, warning } from '../admin/findings.ts';

/** @param setting that it is from, as it was written */
export async function checkUpstream(url: string, setting: string, greeting: Promise<Greeting>): Promise<CheckResult> {
  try {
    const { status } = await greeting;
    return ok(`${url} answers (status ${status} to GET /models without credentials)`);
  } catch (error) {
    const reason = reasonOf(error);
    return failure(`${url} does not answer (${reason})`, adviceOn(reason, setting));
  }
}

export function checkProxy({ proxy: { http, https, no } }: Config): CheckResult {
  if (http === null && https === null) return ok('none; upstreams are asked directly');
  const ways = Object.entries({ http, https }).flatMap(([scheme, url]) =>
    url === null ? [] : [`${scheme} through ${new URL(url).origin}`],
  );
  return ok([...ways, ...(no === null ? [] : [`none for ${no}`])].join(', '));
}

/** Before this was written nobody ran it. */
const EARLIEST = Date.UTC(2026, 0, 1);
const MOST_SKEW_MS = 5 * 60_000;

export async function checkClock(now: number, greeting: Promise<Greeting> | null): Promise<CheckResult> {
  const advice = 'set the clock, best by NTP: ages and expiries are counted by it';
  const shown = new Date(now).toISOString();
  if (now < EARLIEST) return failure(`says ${shown}, which is in the past`, advice);
  const date = (await greeting?.catch(() => null))?.date ?? null;
  if (date === null) return ok(`says ${shown}`);
  if (Math.abs(now - date) <= MOST_SKEW_MS) return ok(`says ${shown}, as the upstream's does`);
  return warning(`says ${shown}, the upstream's says ${new Date(date).toISOString()}`, advice);
}
