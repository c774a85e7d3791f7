/**
 * `SIGHUP` at a terminal, as util-linux's `script` makes one: it stops the proxy, for the terminal may be gone.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { processTest as test } from '../harness/process-harness.ts';

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));

test('a hang-up at a terminal stops the proxy in good order', async ({ folder }) => {
  // Its shell tells the id of the process that it then becomes.
  const line = `echo pid=$$; exec ${process.execPath} ${MAIN} --port 0 --admin-port 0 --log-format json`;
  const terminal = spawn('script', ['-qec', line, '/dev/null'], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
  let [text, isSent] = ['', false];
  const ended = once(terminal, 'close');
  for await (const piece of terminal.stdout) {
    text += String(piece);
    const [, pid] = /pid=(\d+)[\s\S]*refrain ready/.exec(text) ?? [];
    if (pid === undefined || isSent) continue;
    isSent = true;
    process.kill(Number(pid), 'SIGHUP');
  }
  expect(await ended).toEqual([0, null]);
  expect(text).toContain('"signal":"SIGHUP"');
});
