import { expect, test } from 'vitest';
import { DIALECTS, dialectOfHost, doneMarkerOf } from '../src/dialect.ts';

const hostOf = (base: string) => new URL(base).hostname;

test.each([
  'https://api.openai.com/v1',
  'https://API.OpenAI.com./v1',
  'https://eu.api.openai.com/v1',
  'https://us.api.openai.com',
  'https://team.openai.azure.com/openai',
  'https://team.services.ai.azure.com/models',
  'https://a.b.openai.azure.com',
])('%s is OpenAI', (base) => {
  expect(dialectOfHost(hostOf(base))).toBe('openai');
});

test.each(['https://api.anthropic.com', 'https://api.anthropic.com/v1', 'https://eu.api.anthropic.com'])(
  '%s is Anthropic',
  (base) => {
    expect(dialectOfHost(hostOf(base))).toBe('anthropic');
  },
);

test.each([
  'https://anthropic.com',
  'https://api.anthropic.com.evil.test',
  'https://xapi.anthropic.com',
  'https://api.openai.com.evil.test/v1',
  'https://api-openai.com',
  'https://notapi.openai.com',
  'https://openai.com',
  'https://openai.azure.com',
  'https://xopenai.azure.com',
  'https://services.ai.azure.com',
  'https://team-openai.azure.com',
  'https://evil.test/api.openai.com',
  'https://api.groq.com/openai/v1',
  'https://openrouter.ai/api/v1',
  'http://127.0.0.1:8080/v1',
  'http://[::1]:8080',
  'http://localhost:11434',
  'https://api.openai.co',
])('%s may be anything', (base) => {
  expect(dialectOfHost(hostOf(base))).toBe('compatible');
});

test('OpenAI alone is known to end every stream with [DONE]', () => {
  expect(DIALECTS.map((dialect) => [dialect, doneMarkerOf(dialect)])).toEqual([
    ['openai', 'required'],
    ['anthropic', 'optional'],
    ['compatible', 'optional'],
    ['engine', 'optional'],
  ]);
});
