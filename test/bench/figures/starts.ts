/**
 * From the start of the process to the ready line, with an empty store and
 * with one of 1 GB.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry } from '../../../src/response/entry.ts';
import type { Change } from '../../../src/store/write-buffer.ts';
import { SqliteFile } from '../../../src/store/sqlite-file.ts';
import { median } from '../pairs.ts';
import { ServerProcess } from '../server-process.ts';
import type { Line } from '../table.ts';

const STARTS = 9;
const GB = 1_000_000_000;
const BODY = 60_000;

export async function* measureStarts(): AsyncIterable<Line> {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-bench-'));
  try {
    yield await lineOf(
      'ready line, empty store',
      folder,
      (start) => ['--store-path', join(folder, `${start}.sqlite`)],
      400,
    );
    const full = join(folder, 'full.sqlite');
    fill(full);
    yield await lineOf('ready line, store of 1 GB', folder, () => ['--store-path', full], 600);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function lineOf(
  what: string,
  folder: string,
  flagsOf: (start: number) => readonly string[],
  budget: number,
): Promise<Line> {
  const times: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const server = await ServerProcess.refrain('http://127.0.0.1:9', flagsOf(start), folder);
    times.push(server.startMs);
    // As a person would, so that the next start finds what this one has compiled.
    await server.stop('SIGTERM');
  }
  return {
    what,
    measured: `${Math.round(median(times))} ms, of ${STARTS} starts`,
    beside: '',
    figure: median(times),
    budget,
    unit: 'ms',
  };
}

function fill(path: string): void {
  const file = new SqliteFile({ path, maxBytes: 4 * GB });
  const now = Date.now();
  file.open(now);
  const head = { status: 200, statusText: 'OK', headers: ['content-type', 'application/json'] };
  for (let written = 0; written < GB; ) {
    const keys = new Map<string, Change>();
    for (let index = 0; index < 500; index++, written += BODY) {
      const entry: Entry = {
        head,
        body: Buffer.alloc(BODY, index),
        storedAt: now,
        expiresAt: now + 604_800_000,
        answerId: `chatcmpl-${written}`,
      };
      keys.set(`${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')}.json`, { entry, uses: 0 });
    }
    file.commit({ purges: [], answers: new Set(), keys }, now);
  }
  file.close();
}
