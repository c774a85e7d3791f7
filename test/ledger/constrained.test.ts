import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'vitest';
import { usagePath } from '../../src/ledger/usage-file.ts';
import { readUsageFile } from '../../src/ledger/read-usage-file.ts';
import { story } from '../store/constrained.ts';

const SECOND = 1_000;
const RETRY = 30 * SECOND;

const booked = (path: string, now: number) => {
  const { requests, hits, misses } = readUsageFile(usagePath(path) as string, now).periods.all;
  return { requests, hits, misses };
};

story('a ledger whose disk is full touches no client, and has all once there is room', async ({ run, path }) => {
  const proxy = await run();
  expect(await proxy.ask('before')).toBe('MISS');
  await proxy.turn(SECOND);
  proxy.limitFiles(0);
  for (const round of [1, 2, 3]) {
    expect(await proxy.ask('before')).toBe('memory');
    expect(await proxy.ask(`meanwhile ${round}`)).toBe('MISS');
    await proxy.turn(SECOND);
  }
  expect(proxy.bookLines).toEqual([
    expect.objectContaining({ level: 'warn', code: expect.stringMatching(/^SQLITE_(IOERR|FULL)$/) }),
  ]);
  proxy.limitFiles('unlimited');
  await proxy.turn(RETRY);
  expect(proxy.bookLines.map(({ level }) => level)).toEqual(['warn', 'info']);
  const { now } = proxy;
  await proxy.kill();
  expect(booked(path, now)).toEqual({ requests: 7, hits: 3, misses: 4 });
});

story('a ledger that may only be read touches no client, and has all once it may be written', async ({ run, path }) => {
  const first = await run();
  await first.ask('before');
  await first.turn(SECOND);
  await first.kill();
  chmodSync(usagePath(path) as string, 0o400);
  chmodSync(dirname(path), 0o500);
  const proxy = await run({ obeysModes: true });
  for (const where of ['MISS', 'memory']) expect(await proxy.ask('meanwhile')).toBe(where);
  await proxy.turn(SECOND);
  expect(proxy.bookLines).toEqual([
    expect.objectContaining({ level: 'warn', msg: expect.stringContaining('writable') }),
  ]);
  chmodSync(dirname(path), 0o700);
  chmodSync(usagePath(path) as string, 0o600);
  await proxy.turn(RETRY);
  expect(proxy.bookLines.map(({ level }) => level)).toEqual(['warn', 'info']);
  const { now } = proxy;
  await proxy.kill();
  expect(booked(path, now)).toEqual({ requests: 3, hits: 1, misses: 2 });
});
