import { describe, expect, test } from 'vitest';
import { parseJson, partsOf, WrittenNumber } from '../../src/dashboard/conversation/part.ts';
import { eventsOf, StreamFold } from '../../src/dashboard/conversation/stream.ts';
import { answeredTurns, askedTurns } from '../../src/dashboard/conversation/turns.ts';

const text = (of: string) => ({ kind: 'text', text: of });

function foldOf(events: readonly unknown[]) {
  const fold = new StreamFold();
  const body = events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join('');
  for (const data of eventsOf(body)) fold.add(data);
  return fold.turns();
}

describe('a request', () => {
  test('of chat has its roles, calls, results and images', () => {
    const turns = askedTurns('chat', {
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is it?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', function: { name: 'look', arguments: '{"at":1}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'a cat' },
      ],
    });
    expect(turns.map(({ role, parts }) => [role, parts])).toEqual([
      ['system', [text('Be brief.')]],
      ['user', [text('What is it?'), { kind: 'media', what: 'image', detail: 'image/png', bytes: 3 }]],
      ['assistant', [{ kind: 'call', name: 'look', id: 'c1', args: '{"at":1}' }]],
      ['tool', [{ kind: 'result', id: 'c1', text: 'a cat' }]],
    ]);
  });

  test('of any other endpoint has its inputs', () => {
    expect(askedTurns('responses', { instructions: 'Be brief.', input: 'Why?' }).map(({ role }) => role)).toEqual([
      'system',
      'user',
    ]);
    expect(askedTurns('embeddings', { input: ['a', 'b'] }).map(({ role }) => role)).toEqual(['input 1', 'input 2']);
    expect(
      askedTurns('messages', {
        system: 's',
        messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'x' }] }],
      }),
    ).toHaveLength(2);
    expect(askedTurns('rerank', { query: 'q', documents: ['d'] })).toHaveLength(2);
  });

  test('of whatever shape is shown, and never throws', () => {
    for (const body of [
      null,
      1,
      'x',
      [],
      {},
      { messages: 7 },
      { messages: [null, 1, 'x', [], { content: 5 }] },
      { input: [[1, 2], null] },
      { input: { type: {} } },
    ]) {
      for (const endpoint of [
        'chat',
        'messages',
        'responses',
        'completions',
        'embeddings',
        'moderations',
        'rerank',
        null,
      ]) {
        expect(() => askedTurns(endpoint, body)).not.toThrow();
      }
      expect(() => answeredTurns(body)).not.toThrow();
      expect(() => partsOf(body)).not.toThrow();
      expect(() =>
        foldOf([body, { choices: [body] }, { type: 'response.output_item.added', item: body }]),
      ).not.toThrow();
    }
  });
});

describe('a stream', () => {
  test('of chat is what its deltas add up to, so far as they came', () => {
    const delta = (of: object, finish_reason: string | null = null) => ({
      choices: [{ index: 0, delta: of, finish_reason }],
    });
    const turns = foldOf([
      delta({ role: 'assistant', reasoning_content: 'Hm' }),
      delta({ content: 'The ' }),
      delta({ content: 'sea' }),
      delta({ tool_calls: [{ index: 0, id: 'c1', function: { name: 'look', arguments: '{"a"' } }] }),
      delta({ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }),
      delta({}, 'tool_calls'),
      '[DONE]',
    ]);
    expect(turns).toEqual([
      {
        role: 'assistant',
        ending: 'tool_calls',
        parts: [
          { kind: 'reasoning', text: 'Hm' },
          text('The sea'),
          { kind: 'call', name: 'look', id: 'c1', args: '{"a":1}' },
        ],
      },
    ]);
  });

  test('of responses is its last event, once that is there', () => {
    const events = [
      { type: 'response.output_item.added', output_index: 0, item: { type: 'function_call', name: 'f', call_id: 'c' } },
      { type: 'response.function_call_arguments.delta', output_index: 0, delta: '{}' },
      { type: 'response.output_text.delta', output_index: 1, content_index: 0, delta: 'Hi' },
    ];
    expect(foldOf(events)[0]?.parts).toEqual([{ kind: 'call', name: 'f', id: 'c', args: '{}' }, text('Hi')]);
    const whole = {
      output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hi there' }] }],
    };
    expect(foldOf([...events, { type: 'response.completed', response: whole }])[0]?.parts).toEqual([text('Hi there')]);
  });

  test('of messages has its blocks', () => {
    const [turn] = foldOf([
      { type: 'content_block_start', index: 0, content_block: { type: 'text' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
      { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 't', name: 'f' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{}' } },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' } },
    ]);
    expect(turn).toEqual({
      role: 'assistant',
      ending: 'tool_use',
      parts: [text('Hi'), { kind: 'call', name: 'f', id: 't', args: '{}' }],
    });
  });

  test('has one event for each block with data, whatever ends its lines', () => {
    expect(eventsOf('event: a\ndata: 1\n\ndata: 2\ndata: 3\n\n: idle\n\n')).toEqual(['1', '2\n3']);
    expect(eventsOf('data: 1\r\n\r\ndata: 2\r\n\r\n')).toEqual(['1', '2']);
    expect(eventsOf('data: cut')).toEqual(['cut']);
  });
});

test('numbers stay as they were written', () => {
  expect(parseJson('[9007199254740993,1.0,2,"3"]')).toEqual([
    new WrittenNumber('9007199254740993'),
    new WrittenNumber('1.0'),
    2,
    '3',
  ]);
  const block = parseJson('{"type":"tool_use","name":"f","id":"t","input":{"a":1.0}}');
  expect(partsOf([block])).toEqual([{ kind: 'call', name: 'f', id: 't', args: '{"a":1.0}' }]);
});
