import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { entryOf, textOf } from './entries.ts';
import { createPlace } from './place.ts';
import { expectSame } from './same.ts';

const writer = new URL('./writer.ts', import.meta.url).pathname;

/** Kills a writer with SIGKILL as soon as it says that `barrier` entries are committed; how many it had said were. */
async function killAt(path: string, barrier: number): Promise<number> {
  const child = spawn(process.execPath, [writer, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  let committed = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    committed = Number(line);
    if (committed >= barrier) child.kill('SIGKILL');
  }
  expect(await exit).toEqual([null, 'SIGKILL']);
  return committed;
}

test.each([10, 500, 1_000])('a process that is killed after %i of 1,000 writes loses none that was committed', async (barrier) => {
  const place = createPlace();
  const committed = await killAt(place.path, barrier);
  expect(committed).toBeGreaterThanOrEqual(barrier);
  const store = await place.open();
  let served = 0;
  for (let index = 0; index < 1_000; index += 1) {
    const found = await store.get(`key ${index}`);
    if (index < committed) expect(found).toBeDefined();
    if (found === undefined) continue;
    expectSame(found.entry, entryOf(textOf(index, (index * 131) % 9_000)));
    served += 1;
  }
  expect((await store.size()).entries).toBe(served);
  expect(place.lines).toEqual([]);
});
