import { describe, expect, test } from 'vitest';
import { chatChunk, chatStream, dataEvent, judgeStream, type Word } from './judged.ts';

const says = (content: string, index: unknown = 0) => ({ index, delta: { content }, finish_reason: null });
const ends = (reason: string | null = 'stop', index: unknown = 0) => ({ index, delta: {}, finish_reason: reason });
const calls = (...pieces: readonly object[]) => ({ index: 0, delta: { tool_calls: pieces }, finish_reason: null });
const piece = (place: object, text: string) => ({ ...place, function: { arguments: text } });

const DONE = 'data: [DONE]\n\n';
const ERROR = dataEvent({ error: { message: 'overloaded' } });
const USAGE = dataEvent({ choices: [], usage: { total_tokens: 8 } });

describe('a chat stream', () => {
  test.each<readonly [string, readonly string[], Word]>([
    ['with usage after its end', [chatChunk(says('Salt.')), chatChunk(ends()), USAGE, DONE], 'whole'],
    ['with an empty choice after its end', chatStream(says('Salt.'), ends(), says('')), 'whole'],
    ['with a second [DONE]', [...chatStream(ends()), DONE], 'whole'],
    ['with an error between its end and [DONE]', [chatChunk(ends()), ERROR, DONE], 'broken'],
    ['with an error after [DONE]', [...chatStream(ends()), ERROR], 'error-object'],
    ['with an unfinished error after [DONE]', [...chatStream(ends()), ERROR.trimEnd()], 'error-object'],
    ['with an error event after [DONE]', [...chatStream(ends()), 'event: error\ndata: {}\n\n'], 'error-object'],
    ['with an error in a choice', chatStream({ ...ends(), error: { code: 502 } }), 'error-object'],
    ['that fails in its finish_reason, then stops', chatStream(ends('error'), ends()), 'unfinished'],
    ['with [DONE] and no choice', [USAGE, DONE], 'broken'],
    ['with null in the place of a choice', chatStream(says('Salt.'), null, ends()), 'missing-choice'],
    ['with a chunk that is not JSON', [chatChunk(says('Salt.')), 'data: {"choices":[\n\n', chatChunk(ends()), DONE], 'not-json'],
    ['with a choice beside the one that was asked for', chatStream(ends(), ends('stop', 1)), 'missing-choice'],
    ['with another choice than the one that was asked for', chatStream(ends('stop', 1)), 'missing-choice'],
    ['with an index that is a text', chatStream(ends('stop', '0')), 'missing-choice'],
    ['without an index', chatStream(says('Salt.', undefined), ends('stop', undefined)), 'whole'],
  ])('%s', (_, events, word) => {
    expect(judgeStream(events)).toBe(word);
    expect(judgeStream([events.join('')])).toBe(word);
  });
});

describe('a chat stream of two choices', () => {
  test.each<readonly [string, readonly string[], Word]>([
    ['one through the other', chatStream(says('Salt', 1), says('So', 0), says('.', 1), ends('stop', 1), says('.', 0), ends('length', 0)), 'whole'],
    ['of which one has not finished', chatStream(says('Salt', 1), says('So', 0), ends('stop', 1)), 'broken'],
    ['of which one never came', chatStream(ends('stop', 0)), 'missing-choice'],
    ['of which one has the wrong index', chatStream(ends('stop', 0), ends('stop', 2)), 'missing-choice'],
  ])('%s', (_, events, word) => {
    expect(judgeStream(events, { choices: 2 })).toBe(word);
  });

  test('puts the calls of each together by themselves', () => {
    const call = (index: number, text: string) => ({ ...calls(piece({ index: 0 }, text)), index });
    const begun = [call(0, '{"sea"'), call(1, '{"se'), call(0, ':1}')];
    expect(judgeStream(chatStream(...begun, call(1, 'a":2}'), ends('tool_calls', 0), ends('tool_calls', 1)), { choices: 2 })).toBe('whole');
    expect(judgeStream(chatStream(...begun, ends('tool_calls', 0), ends('tool_calls', 1)), { choices: 2 })).toBe('tool-call');
  });
});

describe('the calls of a chat stream', () => {
  const both = calls(piece({ index: 0, id: 'a', type: 'function' }, ''), piece({ index: 1, id: 'b', type: 'function' }, ''));
  test.each<readonly [string, readonly object[], Word]>([
    ['one through the other', [both, calls(piece({ index: 1 }, '{"sea"')), calls(piece({ index: 0 }, '{}'), piece({ index: 1 }, ':1}'))], 'whole'],
    ['of which one breaks off', [both, calls(piece({ index: 0 }, '{}'), piece({ index: 1 }, '{"sea"'))], 'tool-call'],
    ['without an index, each whole and with an id', [calls(piece({ id: 'a' }, '{"sea":1}')), calls(piece({ id: 'b' }, '{"sea":2}'))], 'whole'],
    ['without an index, of which one breaks off', [calls(piece({ id: 'a' }, '{"sea":1}')), calls(piece({ id: 'b' }, '{"sea'))], 'tool-call'],
    ['without index and id, side by side', [calls(piece({}, '{"sea":1}'), piece({}, '{"sea":2}'))], 'whole'],
    ['with one index for all', [calls(piece({ index: 0, id: 'a' }, '{"sea":1}')), calls(piece({ index: 0, id: 'b' }, '{"sea":2}'))], 'tool-call'],
    ['of a custom tool and of a function', [calls({ index: 0, type: 'custom', custom: { name: 'run', input: '{' } }, piece({ index: 1 }, '{}'))], 'whole'],
  ])('%s', (_, choices, word) => {
    expect(judgeStream(chatStream(...choices, ends('tool_calls')))).toBe(word);
  });
});
