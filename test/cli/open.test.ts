import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { test } from './command.ts';

/** A folder whose `xdg-open` writes down what it was given, and exits with this code. */
function opener(folder: string, code: number): { readonly path: string; readonly opened: () => string } {
  const path = join(folder, `bin-${code}`);
  mkdirSync(path);
  const program = join(path, 'xdg-open');
  writeFileSync(program, `#!/bin/sh\necho "$@" >${path}/opened\nexit ${code}\n`);
  chmodSync(program, 0o755);
  return { path, opened: () => readFileSync(join(path, 'opened'), 'utf8').trim() };
}

describe.runIf(process.platform === 'linux')('refrain open', () => {
  test('opens the page of the proxy that runs, and prints where it is', async ({ folder, proxy, refrain }) => {
    const { admin, child } = await proxy();
    await child.says(`"page":"${admin}/"`);
    const { path, opened } = opener(folder, 0);
    expect(await refrain(['open'], { PATH: `${path}:/bin:/usr/bin` })).toEqual({ code: 0, out: `${admin}/`, err: '' });
    expect(opened()).toBe(`${admin}/`);
  });

  test('leaves the address where no browser opens', async ({ folder, proxy, refrain }) => {
    const { admin } = await proxy();
    const { path } = opener(folder, 4);
    for (const PATH of [`${path}:/bin:/usr/bin`, folder]) {
      expect(await refrain(['open'], { PATH })).toEqual({
        code: 1,
        out: `${admin}/`,
        err: 'no browser could be opened here; open the address yourself\n',
      });
    }
  });

  test('needs a proxy that runs', async ({ folder, refrain }) => {
    const { path } = opener(folder, 0);
    const { code, out, err } = await refrain(['open', '--url', 'http://127.0.0.1:1'], { PATH: path });
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('no proxy runs at http://127.0.0.1:1');
  });
});
