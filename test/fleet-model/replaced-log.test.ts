import { expect, test } from 'vitest';
import { ReplacedLog } from '../../src/fleet/replaced-log.ts';
import { createLogBench } from './log-bench.ts';

test('the keys of replaced entries reach every other node, together and within a second', async () => {
  const { server, clock, pass } = createLogBench();
  const join = (name: string) => {
    const dropped: string[] = [];
    const log = new ReplacedLog({ hub: server.connect(name), clock, drop: (key) => void dropped.push(key) });
    void log.start();
    return { log, dropped };
  };
  const [a, b] = [join('a'), join('b')];
  await pass(100);
  for (const key of ['x', 'y', 'x']) a.log.append(key);
  await pass(500);
  expect([a.dropped, b.dropped]).toEqual([[], ['x', 'y']]);
  expect(server.log('replaced').last).toBe(1);
  server.log('replaced').append('{"node":"c","keys":[1,"z"]}');
  server.log('replaced').append('nothing');
  const c = join('c');
  await pass(1_200);
  expect([b.dropped, c.dropped]).toEqual([['x', 'y', 'z'], []]);
});
