import { expect, test } from 'vitest';
import type { Endpoint } from '../../src/endpoint.ts';
import { questionWords } from '../../src/request/question-words.ts';

const user = (content: unknown) => ({ role: 'user', content });

test.each<[Endpoint, unknown, string | null]>([
  ['chat', { messages: [{ role: 'system', content: 'Be brief.' }, user('What is the sea?')] }, 'What is the sea?'],
  [
    'chat',
    { messages: [user('First'), { role: 'assistant', content: 'Yes' }, user([{ type: 'text', text: 'Then?' }])] },
    'Then?',
  ],
  ['chat', { messages: [user([{ type: 'image_url', image_url: { url: 'x' } }])] }, null],
  ['chat', { messages: [{ role: 'system', content: 'Alone' }] }, 'Alone'],
  ['responses', { input: 'Hello' }, 'Hello'],
  ['responses', { input: [user([{ type: 'input_text', text: 'Part' }]), { type: 'reasoning', id: 'r' }] }, 'Part'],
  ['responses', { prompt: { id: 'p' } }, null],
  ['messages', { system: 'S', messages: [user([{ type: 'tool_result', content: [{ text: 'Result' }] }])] }, 'Result'],
  ['completions', { prompt: ['One', 'Two'] }, 'One'],
  ['completions', { prompt: [[1, 2, 3]] }, null],
  ['embeddings', { input: ['', 'First text'] }, 'First text'],
  ['moderations', { input: [{ type: 'text', text: 'Judge me' }] }, 'Judge me'],
  ['rerank', { query: 'Nearest?', documents: ['a'] }, 'Nearest?'],
  ['rerank', { query: { text: 'Of an object' } }, 'Of an object'],
  ['chat', null, null],
  ['chat', { messages: 'not a list' }, 'not a list'],
])('of %s the question is found in %j', (endpoint, body, words) => {
  expect(questionWords(endpoint, JSON.stringify(body))).toBe(words);
});

test('a question is one short line without control characters', () => {
  const wordsOf = (input: string) => questionWords('responses', JSON.stringify({ input }));
  expect(wordsOf('  a\r\n\tb \u001b[31mred\u0007 \u202eevil\u{e0041} ')).toBe('a b [31mred evil');
  expect(wordsOf('x'.repeat(60))).toBe('x'.repeat(60));
  expect(wordsOf('🌊'.repeat(61))).toBe(`${'🌊'.repeat(60)}…`);
  expect(wordsOf(`${'word '.repeat(1e5)}`)).toMatch(/^(word ){11}word…$/);
  expect(wordsOf('\u001b\u0007')).toBeNull();
});

test('a body that is no JSON, or is deep, has no words', () => {
  expect(questionWords('chat', '{"messages":')).toBeNull();
  const deep = `${'{"content":['.repeat(5_000)}"x"${']}'.repeat(5_000)}`;
  expect(questionWords('chat', `{"messages":[${deep}]}`)).toBeNull();
});
