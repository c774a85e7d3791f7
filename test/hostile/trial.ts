/**
 * The fuzz against a proxy in a process of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Child } from '../harness/child.ts';
import { until } from '../harness/until.ts';
import { Fuzz } from './fuzz.ts';
import { FuzzUpstream } from './fuzz-upstream.ts';

const PROBE = new URL('probe.ts', import.meta.url).href;

/** Small bounds, so that they are reached. */
const FLAGS = [
  '--port',
  '0',
  '--admin-port',
  '0',
  '--log-level',
  'warn',
  '--memory-bytes',
  '4MiB',
  '--store-bytes',
  '16MiB',
];

export interface Trial {
  readonly seed: number;
  /** How many requests are sent. */
  readonly requests: number;
  /** How many of them come before memory is first looked at. */
  readonly warmUp: number;
  /** How much more memory the process may hold at the end, in bytes. */
  readonly growth: number;
}

/** The events that a trial of this length cannot miss. */
const COMES_ABOUT = [
  'answered 200',
  'answered 400',
  'answered 502',
  'cut',
  'left',
  'healthy',
  'thrown, answered',
  'HIT',
  'MISS',
  'FOLLOW',
  'BYPASS',
  'malformed_request',
  'invalid_header',
  'invalid_body',
  'invalid_target',
  'not_cached',
  'upstream_cut',
];

export async function survives({ seed, requests, warmUp, growth }: Trial): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-'));
  const upstream = await new FuzzUpstream(seed).start();
  const child = new Child([...FLAGS, '--upstream', `${upstream.url}/v1`], folder, {
    NODE_OPTIONS: `--expose-gc --import ${PROBE}`,
  });
  const fuzz = new Fuzz(await child.ready(), upstream, seed);
  try {
    await fuzz.run(warmUp);
    const before = await memoryOf(child, 1);
    await fuzz.run(requests);
    const after = await memoryOf(child, 2);
    expect(after - before, `seed ${seed}: held ${before} bytes, then ${after}`).toBeLessThan(growth);
    expect(complaintsOf(child), `seed ${seed}`).toEqual([]);
    expect(COMES_ABOUT.filter((what) => !fuzz.tally.has(what))).toEqual([]);
    for (const rare of ['unlucky', 'lost']) expect(fuzz.tally.get(rare) ?? 0, rare).toBeLessThan(requests / 100);
    child.signal('SIGTERM');
    expect(await child.exited, `seed ${seed}`).toEqual({ code: 0, signal: null });
  } catch (error) {
    throw new Error(`${(error as Error).message}\nstandard error: ${child.stderr.slice(0, 4_000)}`, { cause: error });
  } finally {
    fuzz.hangUp();
    await child.end();
    await upstream.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The log, but for an upstream that says nothing, which this one does on purpose. */
function complaintsOf({ stderr }: Child): readonly string[] {
  return stderr.split('\n').filter((line) => line !== '' && JSON.parse(line).upstream === undefined);
}

/** @param count the how many-th time this is asked */
async function memoryOf(child: Child, count: number): Promise<number> {
  child.signal('SIGUSR2');
  const said = () => child.stdout.find((line) => line.startsWith(`memory ${count} `));
  await until(() => said() !== undefined);
  return Number(said()?.split(' ')[2]);
}
