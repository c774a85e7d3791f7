import { beforeEach, describe, expect, test } from 'vitest';
import { Callers } from '../../src/cache/callers.ts';
import { CallersLog } from '../../src/fleet/callers-log.ts';
import { createLogBench, type LogBench } from './log-bench.ts';

let bench: LogBench;

beforeEach(() => {
  bench = createLogBench();
});

async function join(name: string, recheck: number | null = null) {
  const { server, clock, pass } = bench;
  const hub = server.connect(name);
  const callers = new Callers({ recheck, file: null, clock });
  const log = new CallersLog({ hub, clock, heed: (caller, isRefused) => void callers.heed(caller, isRefused) });
  callers.join(log);
  void log.start();
  await pass(100);
  return callers;
}

const appended = () => bench.server.log('callers').last;

describe('the word of an upstream on a credential', () => {
  test('is heeded by every node: a refusal, and the acceptance after it', async () => {
    const [a, b] = [await join('a'), await join('b')];
    a.note('key', 401, true);
    await bench.pass(50);
    expect([a.standing('key', true), b.standing('key', true)]).toEqual(['refused', 'refused']);
    b.note('key', 200, true);
    await bench.pass(50);
    expect([a.standing('key', true), b.standing('key', true)]).toEqual(['accepted', 'accepted']);
    expect(appended()).toBe(2);
  });

  test('is appended where it is news, and not for each request', async () => {
    const a = await join('a');
    for (const status of [200, 200, 403, 403, 429, 500, 401, 200, 200]) a.note('key', status, true);
    await bench.pass(50);
    expect(appended()).toBe(2);
  });

  test('spares other nodes a check', async () => {
    const [a, b] = [await join('a', 3_600), await join('b', 3_600)];
    for (const status of [200, 200]) a.note('key', status, true);
    expect(b.standing('key', true)).toBe('to-check');
    await bench.pass(50);
    expect([b.standing('key', true), appended()]).toEqual(['accepted', 1]);
    for (let minute = 0; minute < 61; minute++) {
      bench.clock.advance(60_000);
      a.note('key', 200, true);
    }
    await bench.pass(50);
    expect([b.standing('key', true), appended()]).toEqual(['to-check', 1]);
  });

  test('is known to a node that starts later, where it is a refusal', async () => {
    const a = await join('a');
    a.note('refused', 401, true);
    a.note('again', 401, true);
    a.note('again', 200, true);
    await bench.pass(50);
    const b = await join('b');
    expect([b.standing('refused', true), b.standing('again', true)]).toEqual(['refused', 'accepted']);
  });

  test('of before does not outweigh what a node knows when it starts', async () => {
    const a = await join('a');
    a.note('key', 401, true);
    a.note('key', 200, true);
    bench.server.isUp = false;
    const b = await join('b');
    b.note('key', 401, true);
    await bench.pass(100);
    bench.server.isUp = true;
    await bench.pass(3_000);
    expect([a.standing('key', true), b.standing('key', true)]).toEqual(['refused', 'refused']);
  });

  test('is appended once the hub is back', async () => {
    const [a, b] = [await join('a'), await join('b')];
    bench.cutOff.add('a');
    a.note('key', 401, true);
    await bench.pass(2_000);
    expect(b.standing('key', true)).toBe('accepted');
    bench.cutOff.delete('a');
    await bench.pass(3_000);
    expect(b.standing('key', true)).toBe('refused');
  });

  test('is the last one also where a node reads the log anew that has said it', async () => {
    const [a, b] = [await join('a'), await join('b')];
    b.note('key', 401, true);
    await bench.pass(50);
    a.note('key', 200, true);
    await bench.pass(50);
    b.note('other', 401, true);
    await bench.pass(50);
    bench.server.log('callers').loseTail(1);
    await bench.pass(1_200);
    expect([a.standing('key', true), b.standing('key', true)]).toEqual(['accepted', 'accepted']);
  });

  test('that cannot be read is passed over', async () => {
    const a = await join('a');
    for (const text of ['', '{', '{"node":1}', '{"node":"x","caller":"key"}']) bench.server.log('callers').append(text);
    await bench.pass(1_200);
    a.note('key', 401, true);
    expect(a.standing('key', true)).toBe('refused');
  });
});
