/**
 * Two servers under the same load, in turn, so that what the machine does
 * besides weighs on both.
 */
import { load, type Load } from './load.ts';
import type { ServerProcess } from './server-process.ts';

/** How long each server is warmed up, twice: V8 compiles what runs often, and a slow machine takes its time. */
const WARM_SECONDS = 2;

export interface Measured {
  /** CPU time of the server's process per request, in microseconds: the median of the runs. */
  readonly cpu: number;
  readonly perSecond: number;
}

export interface Pair {
  readonly ours: Measured;
  readonly beside: Measured;
  /** Median over the pairs of our CPU time per request to the other's. */
  readonly ratio: number;
}

export type Side = { readonly server: ServerProcess; readonly load: Load };

export async function comparePairs(ours: Side, beside: Side, pairs: number): Promise<Pair> {
  for (const side of [ours, beside, ours, beside])
    await measure({ ...side, load: { ...side.load, seconds: WARM_SECONDS } });
  const runs: Record<'ours' | 'beside', Measured>[] = [];
  for (let pair = 0; pair < pairs; pair++) runs.push({ ours: await measure(ours), beside: await measure(beside) });
  return {
    ours: summary(runs.map((run) => run.ours)),
    beside: summary(runs.map((run) => run.beside)),
    ratio: median(runs.map((run) => run.ours.cpu / run.beside.cpu)),
  };
}

async function measure({ server, load: asked }: Side): Promise<Measured> {
  const before = server.cpu();
  const { requests, perSecond } = await load(asked);
  return { cpu: (server.cpu() - before) / requests, perSecond };
}

function summary(runs: readonly Measured[]): Measured {
  return { cpu: median(runs.map(({ cpu }) => cpu)), perSecond: median(runs.map(({ perSecond }) => perSecond)) };
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** @param times in ms */
export function spreadOf(times: readonly number[]): string {
  return `median ${quantile(times, 0.5).toFixed(2)} ms, p99 ${quantile(times, 0.99).toFixed(2)} ms`;
}

/** @param share 0 to 1 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}
