/**
 * Questions as programs put them to OpenAI's own clients.
 */
import type { ChatStreamQuestion } from './sdk.ts';
import { DEPTH_TOOL } from './tool-calls.ts';

export const QUESTION = {
  model: 'gpt-test',
  messages: [{ role: 'user', content: 'What is the sea?' }],
} satisfies ChatStreamQuestion;

export const STREAM = { ...QUESTION, stream: true } as const;

export const WITH_USAGE = { ...STREAM, stream_options: { include_usage: true } } as const;

export const WITH_TOOL = {
  ...QUESTION,
  tools: [{ type: 'function', function: DEPTH_TOOL }],
} satisfies ChatStreamQuestion;

export const RESPONSE = { model: 'gpt-test', input: 'What is the sea?' } as const;

export const PROMPT = { model: 'gpt-test', prompt: 'The sea is' } as const;

export const EMBEDDED = { model: 'embed-test', input: ['sea', 'salt'] };
