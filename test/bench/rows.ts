/**
 * The bytes that one entry really takes of the database file, against what is counted for it.
 *
 *   node test/bench/rows.ts
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoredRequest, Entry } from '../../src/response/entry.ts';
import type { Change } from '../../src/store/write-buffer.ts';
import { SqliteFile } from '../../src/store/sqlite-file.ts';
import { headersOf } from './requests.ts';

const ENTRIES = 20_000;
const NOW = Date.now();

function entry(index: number, bodyBytes: number): Entry {
  const headers = headersOf(index);
  const answerId = `chatcmpl-${String(index).padStart(29, '0')}`;
  const scope = `private:${String(index % 100).padStart(64, '0')}`;
  const request: StoredRequest = {
    endpoint: 'chat',
    model: 'gpt-4o-mini-2024-07-18',
    scope,
    tags: ['nightly', `run:${index % 50}`],
    parts: { path: '/v1/chat/completions', scope, body: `json:${'x'.repeat(200)}` },
  };
  return {
    head: { status: 200, statusText: 'OK', headers },
    body: Buffer.alloc(bodyBytes, index),
    storedAt: NOW,
    expiresAt: NOW + index,
    answerId,
    request,
  };
}

/** Keys in random order, as fingerprints are. */
const key = () => `${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')}.sse+usage`;

function measure(label: string, bodyBytes: () => number): void {
  const directory = mkdtempSync(join(tmpdir(), 'refrain-rows-'));
  const path = join(directory, 'store.db');
  const file = new SqliteFile({ path, maxBytes: Number.MAX_SAFE_INTEGER });
  file.open(NOW);
  for (let index = 0; index < ENTRIES; index += 100) {
    const keys = new Map<string, Change>(
      Array.from({ length: 100 }, (_, at) => [key(), { entry: entry(index + at, bodyBytes()), uses: 0 }]),
    );
    file.commit({ purges: [], answers: new Set(), keys }, NOW);
  }
  const { bytes } = file.commit({ purges: [], answers: new Set(), keys: new Map() }, NOW);
  file.close();
  const each = (total: number) => (total / ENTRIES).toFixed(0).padStart(6);
  console.log(`body ${label.padEnd(16)}   counted ${each(bytes)}   of the file ${each(statSync(path).size)}`);
  rmSync(directory, { recursive: true });
}

for (const size of [16, 500, 2_000, 3_000, 4_000, 10_000]) measure(String(size), () => size);
measure('500 to 8,000', () => 500 + Math.floor(Math.random() * 7_500));
measure('500 to 50,000', () => 500 + Math.floor(Math.random() * 49_500));
