/**
 * Answers as Anthropic's API spells them, for scripts: pairs of a message and
 * the stream that brings it.
 */
import { readFileSync } from 'node:fs';
import { beginStream, sendJson } from './answers.ts';
import type { Call, Script } from './upstream.ts';

export const MESSAGES = '/v1/messages';

/** The pairs that there are. */
export const PAIRS = ['text', 'tool-use', 'thinking', 'max-tokens', 'stop-sequence', 'json', 'refusal'] as const;

export type Pair = (typeof PAIRS)[number];

/** The bytes of a message. */
export function messageAnswer(pair: Pair = 'text'): string {
  return readFileSync(new URL(`../fixtures/messages/${pair}.json`, import.meta.url), 'utf8');
}

/** The events that bring the same. */
export function messageEvents(pair: Pair = 'text'): string[] {
  const text = readFileSync(new URL(`../fixtures/messages/${pair}.sse`, import.meta.url), 'utf8');
  return text.split(/(?<=\n\n)/);
}

export const OVERLOADED =
  'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}\n\n';

/** Headers that Anthropic sends with every answer: some to keep, some never to replay. */
const HEADERS = {
  'request-id': 'req_018EeWyXxfu5pfWkrYcMdjWG',
  'anthropic-organization-id': 'org-secret',
  'anthropic-ratelimit-requests-remaining': '3999',
};

/** A script that answers in the form that is asked. */
export const answerWith =
  (pair: Pair): Script =>
  (call) => {
    const { stream = false } = JSON.parse(call.body.toString() || '{}');
    if (!stream) return sendMessage(call, messageAnswer(pair));
    beginStream(call);
    for (const event of messageEvents(pair)) call.response.write(event);
    call.response.end();
  };

export function sendMessage(call: Call, body: string, status = 200): void {
  sendJson(call, body, status, HEADERS);
}

export function anthropicError(type: string, message: string): string {
  return JSON.stringify({ type: 'error', error: { type, message }, request_id: HEADERS['request-id'] });
}
