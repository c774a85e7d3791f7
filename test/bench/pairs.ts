/**
 * Two servers under the same load, in turn, so that what the machine does
 * besides weighs on both.
 */
import { load, type Load } from './load.ts';
import type { ServerProcess } from './server-process.ts';

export interface Measured {
  /** CPU time of the server's process per request, in microseconds: the median of the runs. */
  readonly cpu: number;
  readonly perSecond: number;
}

export interface Pair {
  readonly ours: Measured;
  readonly floor: Measured;
  /** Median over the pairs of our CPU time per request to the floor's. */
  readonly ratio: number;
}

export type Side = { readonly server: ServerProcess; readonly load: Load };

export async function comparePairs(ours: Side, floor: Side, pairs: number): Promise<Pair> {
  for (const side of [ours, floor]) await measure(side);
  const runs: { ours: Measured; floor: Measured }[] = [];
  for (let pair = 0; pair < pairs; pair++) runs.push({ ours: await measure(ours), floor: await measure(floor) });
  return {
    ours: summary(runs.map((run) => run.ours)),
    floor: summary(runs.map((run) => run.floor)),
    ratio: median(runs.map((run) => run.ours.cpu / run.floor.cpu)),
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
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}
