/**
 * Figures of a proxy in a process of its own, from its admin API, and how they
 * are told. Durations are told and not judged: others use the machine too.
 */
import type { ProxyProcess } from './proxy-process.ts';

/** Told of what was measured. */
export type Tell = (what: string) => void;

export type Metrics = ReadonlyMap<string, number>;

/** The metrics, by name and labels as they are written. */
export async function metricsOf({ child }: Pick<ProxyProcess, 'child'>): Promise<Metrics> {
  const { admin } = await child.ready();
  const text = await (await fetch(`${admin}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

/** How late the event loop of the proxy has been since this was last asked, in whole ms. */
export async function loopDelayOf(
  proxy: Pick<ProxyProcess, 'child'>,
): Promise<{ readonly p99: number; readonly max: number }> {
  const metrics = await metricsOf(proxy);
  const at = (quantile: string) =>
    Math.round((metrics.get(`refrain_event_loop_delay_seconds{quantile="${quantile}"}`) ?? Number.NaN) * 1_000);
  return { p99: at('0.99'), max: at('1') };
}

/** The smallest value that at least this share of all reaches up to. */
export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((one, other) => one - other)[Math.ceil(values.length * share) - 1] as number;
}
