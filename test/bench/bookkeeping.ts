/**
 * The memory that one small entry really takes, against what is counted for it.
 *
 *   node --expose-gc test/bench/bookkeeping.ts
 *
 * Each body size is measured in a process of its own, since memory that one
 * measurement lets go of would hide the growth of the next. "Resident" has
 * what V8 does not tell of (the allocator's own and the buffers' native
 * halves), and garbage that the heap kept room for.
 */
import { execFileSync } from 'node:child_process';
import { compact, type Entry } from '../../src/response/entry.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { headersOf } from './requests.ts';

const ENTRIES = 400_000;

/** A string as an HTTP parser makes it: cut from bytes, shared with nobody. */
const text = (value: string) => Buffer.from(value).toString('latin1');

function entry(index: number, bodyBytes: number): Entry {
  const headers = headersOf(index);
  return {
    head: { status: 200, statusText: text('OK'), headers: headers.map(text) },
    body: compact([Buffer.alloc(bodyBytes, index)], bodyBytes),
    storedAt: Date.now() + index,
    expiresAt: Date.now() + index + 604_800_000,
    answerId: text(`chatcmpl-${String(index).padStart(29, '0')}`),
    call: { usage: { input: 5 + index, cachedInput: 0, output: 3, reasoning: 0 }, firstByteMs: 80, ms: 1_200 + index },
    request: {
      endpoint: 'chat',
      model: text('gpt-4o-mini'),
      scope: text(`private:${String(index).padStart(64, '0')}`),
      tags: [],
      parts: null,
    },
  };
}

function held(): { heap: number; resident: number } {
  for (let round = 0; round < 4; round += 1) globalThis.gc?.();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { heap: heapUsed + arrayBuffers, resident: rss };
}

async function measure(bodyBytes: number): Promise<void> {
  const before = held();
  const store = createMemoryStore({ maxBytes: Number.MAX_SAFE_INTEGER });
  for (let index = 0; index < ENTRIES; index += 1) {
    store.set(`${text(String(index).padStart(64, '0'))}.${text('sse+usage')}`, entry(index, bodyBytes));
  }
  const after = held();
  const { bytes } = await store.size();
  const each = (total: number) => (total / ENTRIES).toFixed(0).padStart(6);
  const { heap, resident } = { heap: after.heap - before.heap, resident: after.resident - before.resident };
  console.log(
    `body ${String(bodyBytes).padStart(5)}   counted ${each(bytes)}   heap + buffers ${each(heap)}   ` +
      `resident ${each(resident)}`,
  );
}

const [bodyBytes] = process.argv.slice(2);
if (globalThis.gc === undefined) throw new Error('run it with --expose-gc');
if (bodyBytes !== undefined) await measure(Number(bodyBytes));
else
  for (const size of [16, 256, 1_024, 2_048, 8_192])
    execFileSync(process.execPath, ['--expose-gc', import.meta.filename, String(size)], { stdio: 'inherit' });
