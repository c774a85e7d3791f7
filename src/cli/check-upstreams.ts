/**
 * The doctor on the network: do the upstreams answer, by way of which proxy,
 * and does the clock agree with theirs.
 */
import type { Config } from '../config/config.ts';
import { reasonOf } from '../errors.ts';
import { adviceOn } from '../upstream/advice.ts';
import type { Greeting } from './ask-upstream.ts';
import { failure, type Finding, ok, warning } from './finding.ts';

/**
 * @param name what it is called where there are several, or null
 * @param setting that it is from, as it was written
 */
export async function checkUpstream(
  name: string | null,
  url: string,
  setting: string,
  greeting: Promise<Greeting>,
): Promise<Finding> {
  const check = name === null ? 'upstream' : `upstream ${name}`;
  try {
    const { status } = await greeting;
    return ok(check, `${url} answers (status ${status} to GET /models without credentials)`);
  } catch (error) {
    const reason = reasonOf(error);
    return failure(check, `${url} does not answer (${reason})`, adviceOn(reason, setting));
  }
}

export function checkProxy({ proxy: { http, https, no } }: Config): Finding {
  if (http === null && https === null) return ok('proxy', 'none; upstreams are asked directly');
  const ways = [
    ['http', http],
    ['https', https],
  ].flatMap(([scheme, url]) => (url ? [`${scheme} through ${new URL(url).origin}`] : []));
  return ok('proxy', [...ways, ...(no === null ? [] : [`none for ${no}`])].join(', '));
}

/** Before this was written nobody ran it. */
const EARLIEST = Date.UTC(2026, 0, 1);
const MOST_SKEW_MS = 5 * 60_000;

export async function checkClock(now: number, greeting: Promise<Greeting> | null): Promise<Finding> {
  const advice = 'set the clock, best by NTP: ages and expiries are counted by it';
  const shown = new Date(now).toISOString();
  if (now < EARLIEST) return failure('clock', `says ${shown}, which is in the past`, advice);
  const date = (await greeting?.catch(() => null))?.date ?? null;
  if (date === null) return ok('clock', `says ${shown}`);
  const skew = Math.abs(now - date);
  if (skew > MOST_SKEW_MS)
    return warning('clock', `says ${shown}, the upstream's says ${new Date(date).toISOString()}`, advice);
  return ok('clock', `says ${shown}, as the upstream's does`);
}
