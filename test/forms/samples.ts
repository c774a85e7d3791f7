/**
 * Answers that were recorded from servers, as they came.
 */
import { readFileSync } from 'node:fs';
import type { Endpoint } from '../../src/endpoint.ts';
import { derive } from '../../src/forms/derive.ts';
import { PAIRS } from '../harness/anthropic.ts';
import type { Entry } from '../../src/response/entry.ts';

export interface Sample {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly form: string;
  readonly body: string;
}

const read = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');

export const SAMPLES: readonly Sample[] = JSON.parse(read('forms/samples.json'));

/** A message of Anthropic's API and the stream that brings it. */
export const MESSAGES: readonly Sample[] = PAIRS.flatMap((name) => [
  { name, endpoint: 'messages', form: 'json', body: read(`messages/${name}.json`) },
  { name, endpoint: 'messages', form: 'sse', body: read(`messages/${name}.sse`) },
]);

export function sampleOf(name: string): Sample {
  const sample = SAMPLES.find((one) => one.name === name);
  if (!sample) throw new Error(`there is no sample ${name}`);
  return sample;
}

/** An entry that has this answer. */
export function entryOf({ form, body }: Pick<Sample, 'form' | 'body'>, others: Partial<Entry> = {}): Entry {
  const type = form === 'json' ? 'application/json' : 'text/event-stream; charset=utf-8';
  return {
    head: { status: 200, statusText: 'OK', headers: ['content-type', type, 'x-request-id', 'req_1'] },
    body: Buffer.from(body),
    storedAt: 1_000,
    expiresAt: 2_000,
    answerId: null,
    ...others,
  };
}

/** The text of the derived form, or null. */
export function derived(sample: Sample, to: string): string | null {
  const { endpoint, form } = sample;
  return derive(entryOf(sample), form, to, { endpoint, isStreamable: true })?.body.toString() ?? null;
}
