import { expect, test } from 'vitest';
import { createLog } from '../../src/log.ts';
import { Breaker } from '../../src/redis/breaker.ts';
import { StateLog } from '../../src/redis/state-log.ts';
import { type Trouble, TroubleLog, troubleOf } from '../../src/redis/trouble.ts';
import { createTestClock } from '../harness/clock.ts';

const LATE: Trouble = { kind: 'TIMEOUT', message: 'no reply' };
const REFUSED: Trouble = { kind: 'ECONNREFUSED', message: 'connect ECONNREFUSED' };

function createBreaker() {
  const clock = createTestClock();
  const changes: string[] = [];
  const probes: ((isAnswered: boolean) => void)[] = [];
  const pulse = { now: 0 };
  const breaker = new Breaker({
    clock,
    pulse: () => pulse.now,
    probe: () => new Promise((resolve) => probes.push(resolve)),
    onChange: (state, trouble) => changes.push(trouble ? `${state} ${trouble.kind}` : state),
  });
  return { breaker, clock, changes, probes, pulse };
}

test('a breaker opens after three timeouts in a row, and not before', () => {
  const { breaker, changes, pulse } = createBreaker();
  breaker.replied();
  for (const act of ['late', 'late', 'reply', 'late', 'late', 'reply'])
    if (act === 'late') breaker.timedOut(LATE, pulse.now);
    else breaker.replied();
  expect(breaker.isUp).toBe(true);
  for (let times = 0; times < 3; times += 1) breaker.timedOut(LATE, pulse.now);
  expect(breaker.isUp).toBe(false);
  expect(changes).toEqual(['up', 'down TIMEOUT']);
});

test('timeouts beside replies to others count once where they come together, and open it all the same', () => {
  const { breaker, clock, changes, pulse } = createBreaker();
  breaker.replied();
  for (let round = 1; round <= 3; round += 1) {
    expect(breaker.isUp).toBe(true);
    const sentAt = pulse.now;
    pulse.now += 1_000;
    for (let times = 0; times < 20; times += 1) breaker.timedOut(LATE, sentAt);
    clock.advance(50);
  }
  expect(changes).toEqual(['up', 'down TIMEOUT']);
});

test('a breaker opens where a connection is refused, once', () => {
  const { breaker, changes } = createBreaker();
  breaker.lost(REFUSED);
  breaker.lost(REFUSED);
  expect(changes).toEqual(['down ECONNREFUSED']);
});

test('an open breaker is closed by a probe that is answered, one each second', async () => {
  const { breaker, clock, changes, probes } = createBreaker();
  breaker.lost(REFUSED);
  clock.advance(999);
  expect(probes).toHaveLength(0);
  clock.advance(1);
  expect(probes).toHaveLength(1);
  probes[0]?.(false);
  await Promise.resolve();
  await Promise.resolve();
  clock.advance(1_000);
  expect(probes).toHaveLength(2);
  probes[1]?.(true);
  await Promise.resolve();
  await Promise.resolve();
  expect(changes).toEqual(['down ECONNREFUSED', 'up']);
  clock.advance(10_000);
  expect(probes).toHaveLength(2);
});

test('a closed breaker is closed for good, and asks nobody', () => {
  const { breaker, clock, changes, probes } = createBreaker();
  breaker.lost(REFUSED);
  breaker.close();
  breaker.replied();
  clock.advance(10_000);
  expect([breaker.state, changes, probes]).toEqual(['closed', ['down ECONNREFUSED'], []]);
});

function createLines() {
  const clock = createTestClock();
  const lines: { level: string; msg: string; code?: string }[] = [];
  const log = createLog('info', { write: (text) => lines.push(JSON.parse(text)) });
  return { clock, lines, log };
}

test('a change of state is one line; many in a second are one of each', () => {
  const { clock, lines, log } = createLines();
  const stateLog = new StateLog({ log, clock, words: { up: 'back', down: 'gone' } });
  stateLog.report('up', null);
  expect(lines).toEqual([]);
  for (let times = 0; times < 60; times += 1) {
    stateLog.report('down', REFUSED);
    stateLog.report('up', null);
  }
  expect(lines.map(({ msg }) => msg)).toEqual(['gone']);
  clock.advance(1_000);
  expect(lines.map(({ msg }) => msg)).toEqual(['gone', 'back']);
  clock.advance(1_000);
  stateLog.report('down', { kind: 'WRONGPASS', message: 'WRONGPASS invalid username-password pair' });
  expect(lines[2]).toMatchObject({
    level: 'warn',
    code: 'WRONGPASS',
    msg: expect.stringMatching(/^gone: correct the/),
  });
});

test('a kind of refusal is one line a minute, with advice where there is any', () => {
  const { clock, lines, log } = createLines();
  const trouble = new TroubleLog(log, clock);
  const oom = troubleOf(new Error("OOM command not allowed when used memory > 'maxmemory'."));
  for (let times = 0; times < 100; times += 1) trouble.report(oom);
  trouble.report(troubleOf(new Error('NOPERM this user has no permissions')));
  expect(lines.map(({ code }) => code)).toEqual(['OOM', 'NOPERM']);
  expect(lines[0]?.msg).toMatch(/volatile-lru/);
  clock.advance(60_000);
  trouble.report(oom);
  expect(lines).toHaveLength(3);
  expect(trouble.last).toBe(oom);
});

test('a server that makes up kinds of trouble does not fill the log', () => {
  const { clock, lines, log } = createLines();
  const trouble = new TroubleLog(log, clock);
  for (let index = 0; index < 500; index += 1) trouble.report({ kind: `ODD${index}`, message: '' });
  expect(lines.length).toBeLessThan(30);
});
