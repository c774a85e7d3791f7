/**
 * The harness of a test of processes, and of a story: a folder of its own, and an
 * upstream that answers everything.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base } from 'vitest';
import { answerAll } from './answers.ts';
import { type ScriptedUpstream, startUpstream } from './upstream.ts';

export interface ProcessHarness {
  readonly folder: string;
  readonly upstream: ScriptedUpstream;
}

export const processTest = base.extend<ProcessHarness>({
  folder: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'refrain-'));
    await use(folder);
    rmSync(folder, { recursive: true, force: true });
  },
  upstream: async ({}, use) => {
    const upstream = await startUpstream(answerAll);
    await use(upstream);
    await upstream.stop();
  },
});
