import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, expect, test } from 'vitest';
import { cassette } from '../../src/vitest/cassette.ts';
import { answerAll } from '../harness/answers.ts';
import { startUpstream } from '../harness/upstream.ts';

const before = process.env['OPENAI_BASE_URL'];
const folder = mkdtempSync(join(tmpdir(), 'refrain-'));
const upstream = await startUpstream(answerAll);
// Hooks run from the last to the first: this one comes when the cassette is closed.
afterAll(async () => {
  expect(process.env['OPENAI_BASE_URL']).toBe(before);
  expect(existsSync(file)).toBe(true);
  rmSync(folder, { recursive: true });
  await upstream.stop();
});
const { baseURL, anthropicBaseURL, file } = await cassette({
  upstream: `${upstream.url}/v1`,
  file: join(folder, 'sea.cassette'),
  offline: false,
  redact: ['/messages/0/name'],
});
const openai = new OpenAI({ apiKey: 'x', maxRetries: 0 });

test('clients of the file ask it, by the variables that they read', async () => {
  expect(openai.baseURL).toBe(baseURL);
  expect(process.env['ANTHROPIC_BASE_URL']).toBe(anthropicBaseURL);
  const ask = () => openai.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });
  expect(await ask()).toEqual(await ask());
  expect(upstream.calls).toHaveLength(1);
});
