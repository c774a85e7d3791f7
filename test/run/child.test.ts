import type { ChildProcess } from 'node:child_process';
import { expect, test } from 'vitest';
import { loadSpawn, runChild } from '../../src/run/child.ts';

const spawn = await loadSpawn();
const sh = (script: string) => runChild(spawn, ['sh', '-c', script], process.env);

test.each([
  ['exit 0', 0],
  ['exit 42', 42],
  ['kill -KILL $$', 137],
  ['kill -TERM $$', 143],
])('ends as its command does: %s', async (script, code) => {
  expect(await sh(script)).toEqual({ code, failure: null });
});

test.each([
  ['no-such-command', 127, 'no-such-command was not found'],
  [new URL('child.test.ts', import.meta.url).pathname, 126, expect.stringContaining('cannot be executed (EACCES)')],
  ['a\0b', 126, expect.stringContaining('cannot be executed')],
])('says of %j why it does not begin', async (word, code, failure) => {
  expect(await runChild(spawn, [word], process.env)).toEqual({ code, failure });
});

test('gives it the environment that is said, and its arguments as they are', async () => {
  const script = 'test "$ONE" = 1 && test -z "$HOME" && test "$1" = "a  b*"';
  const env = { PATH: process.env['PATH'], ONE: '1' };
  expect(await runChild(spawn, ['sh', '-c', script, 'sh', 'a  b*'], env)).toMatchObject({ code: 0 });
});

test('has signals passed on until it ends, and no longer', async () => {
  const before = process.listenerCount('SIGUSR2');
  let child: ChildProcess | undefined;
  const ended = runChild((...given) => (child = spawn(...given)), ['sleep', '60'], process.env);
  expect(process.listenerCount('SIGUSR2')).toBe(before + 1);
  process.emit('SIGUSR2', 'SIGUSR2');
  expect(await ended).toMatchObject({ code: 140 });
  expect(child?.killed).toBe(true);
  expect(process.listenerCount('SIGUSR2')).toBe(before);
});
