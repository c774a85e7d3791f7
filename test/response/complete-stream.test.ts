import { describe, expect, test } from 'vitest';
import { chatChunk, chatStream, dataEvent, validateStream, type Wanted, type Word } from './validate.ts';

const says = (content: string, index: unknown = 0) => ({ index, delta: { content }, finish_reason: null });
const ends = (reason: string | null = 'stop', index: unknown = 0) => ({ index, delta: {}, finish_reason: reason });
const calls = (...pieces: readonly object[]) => ({ index: 0, delta: { tool_calls: pieces }, finish_reason: null });
const piece = (place: object, text: string) => ({ ...place, function: { arguments: text } });

const named = (text: string) => ({ function: { name: 'depth_of', arguments: text } });

const DONE = 'data: [DONE]\n\n';
const ERROR = dataEvent({ error: { message: 'overloaded' } });
const COUNTED = dataEvent({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 3 } });
const USAGE = dataEvent({ choices: [], usage: { total_tokens: 8 } });

describe('a chat stream', () => {
  test.each<readonly [string, readonly string[], Word]>([
    ['with usage after its end', [chatChunk(says('Salt.')), chatChunk(ends()), USAGE, DONE], 'whole'],
    ['with an empty choice after its end', chatStream(says('Salt.'), ends(), says('')), 'whole'],
    ['with a second [DONE]', [...chatStream(ends()), DONE], 'whole'],
    ['with an error between its end and [DONE]', [chatChunk(ends()), ERROR, DONE], 'error-object'],
    [
      'with an error, then more, and its end',
      [chatChunk(says('Salt.')), ERROR, chatChunk(ends()), DONE],
      'error-object',
    ],
    ['with an error after [DONE]', [...chatStream(ends()), ERROR], 'error-object'],
    ['with an unfinished error after [DONE]', [...chatStream(ends()), ERROR.trimEnd()], 'error-object'],
    ['with an error event after [DONE]', [...chatStream(ends()), 'event: error\ndata: {}\n\n'], 'error-object'],
    ['with an error in a choice', chatStream({ ...ends(), error: { code: 502 } }), 'error-object'],
    ['that fails in its finish_reason, then stops', chatStream(ends('error'), ends()), 'unfinished'],
    ['with [DONE] and no choice', [USAGE, DONE], 'missing-choice'],
    ['with [DONE] and no end', chatStream(says('Salt.')), 'unfinished'],
    ['of nothing but comments', [': keep-alive\n\n', ':\n\n'], 'no-event'],
    ['that is a JSON document', ['{"choices":[]}\n'], 'no-event'],
    ['that is a JSON document before [DONE]', ['{"choices":[]}\n\n', DONE], 'dialect'],
    [
      'with heartbeats of empty data and null',
      ['data: null\n\n', chatChunk(says('Salt.')), 'data:\n\n', 'data: \n\n', chatChunk(ends()), DONE],
      'whole',
    ],
    ['that says its end in capitals', chatStream(says('Salt.'), ends('STOP')), 'whole'],
    ['that says its end in a word that is not known', chatStream(says('Salt.'), ends('end')), 'unfinished'],
    ['that was aborted', chatStream(says('Salt.'), ends('abort')), 'unfinished'],
    [
      'that says all of it again beside each delta',
      chatStream({ ...says('Salt.'), message: { content: 'Salt.' } }, { ...ends(), message: { content: 'Salt.' } }),
      'whole',
    ],
    ['with space around [DONE]', [chatChunk(ends()), 'data:  [DONE] \n\n'], 'whole'],
    ['without [DONE]', [chatChunk(says('Salt.')), chatChunk(ends())], 'missing-done'],
    ['with null in the place of a choice', chatStream(says('Salt.'), null, ends()), 'missing-choice'],
    [
      'with a chunk that is not JSON',
      [chatChunk(says('Salt.')), 'data: {"choices":[\n\n', chatChunk(ends()), DONE],
      'not-json',
    ],
    ['with a choice beside the one that was asked for', chatStream(ends(), ends('stop', 1)), 'missing-choice'],
    ['with another choice than the one that was asked for', chatStream(ends('stop', 1)), 'missing-choice'],
    ['with an index that is a text', chatStream(ends('stop', '0')), 'missing-choice'],
    ['without an index', chatStream(says('Salt.', undefined), ends('stop', undefined)), 'whole'],
  ])('%s', (_, events, word) => {
    expect(validateStream(events)).toBe(word);
    expect(validateStream([events.join('')])).toBe(word);
  });
});

describe('a chat stream without [DONE], of a server that may leave it out,', () => {
  const ended = [chatChunk(says('Salt.')), chatChunk(ends())];
  test.each<readonly [string, readonly string[], Wanted, boolean, Word]>([
    ['is whole where HTTP marks its end', ended, {}, true, 'whole'],
    ['is not where only its connection does', ended, {}, false, 'connection-close'],
    ['is whole with [DONE] whatever marks its end', [...ended, DONE], {}, false, 'whole'],
    ['is not where the usage is missing that was asked for', ended, { usage: true }, true, 'missing-usage'],
    ['is whole with it', [...ended, COUNTED], { usage: true }, true, 'whole'],
    ['is whole without it where [DONE] came', [...ended, DONE], { usage: true }, true, 'whole'],
    [
      'is not where every chunk says that it is the end',
      [chatChunk({ ...says('Salt'), finish_reason: 'stop' }), chatChunk({ ...says('.'), finish_reason: 'stop' })],
      {},
      true,
      'unfinished',
    ],
    [
      'is whole so with [DONE]',
      [chatChunk({ ...says('Salt'), finish_reason: 'stop' }), chatChunk({ ...says('.'), finish_reason: 'stop' }), DONE],
      {},
      true,
      'whole',
    ],
    ['is whole where an empty chunk follows its end', [...ended, chatChunk(says(''))], {}, true, 'whole'],
    ['is not where a choice is missing', ended, { choices: 2 }, true, 'missing-choice'],
    ['is not where a choice has not ended', [chatChunk(says('Salt.'))], {}, true, 'unfinished'],
  ])('%s', (_, events, wanted, delimited, word) => {
    expect(validateStream(events, { doneMarker: 'optional', ...wanted }, delimited)).toBe(word);
  });
});

describe('a chat stream of two choices', () => {
  test.each<readonly [string, readonly string[], Word]>([
    [
      'one through the other',
      chatStream(says('Salt', 1), says('So', 0), says('.', 1), ends('stop', 1), says('.', 0), ends('length', 0)),
      'whole',
    ],
    ['of which one has not finished', chatStream(says('Salt', 1), says('So', 0), ends('stop', 1)), 'unfinished'],
    ['of which one never came', chatStream(ends('stop', 0)), 'whole'],
    ['of which only the second came', chatStream(ends('stop', 1)), 'missing-choice'],
    ['of which one never came, to two prompts', chatStream(ends('stop', 0)), 'missing-choice'],
    ['of which one has the wrong index', chatStream(ends('stop', 0), ends('stop', 2)), 'missing-choice'],
  ])('%s', (what, events, word) => {
    expect(validateStream(events, { choices: 2, prompts: what.endsWith('prompts') ? 2 : 1 })).toBe(word);
  });

  test('puts the calls of each together by themselves', () => {
    const call = (index: number, text: string) => ({ ...calls(piece({ index: 0 }, text)), index });
    const begun = [call(0, '{"sea"'), call(1, '{"se'), call(0, ':1}')];
    expect(
      validateStream(chatStream(...begun, call(1, 'a":2}'), ends('tool_calls', 0), ends('tool_calls', 1)), {
        choices: 2,
      }),
    ).toBe('whole');
    expect(validateStream(chatStream(...begun, ends('tool_calls', 0), ends('tool_calls', 1)), { choices: 2 })).toBe(
      'tool-call',
    );
  });
});

describe('the calls of a chat stream', () => {
  const both = calls(
    piece({ index: 0, id: 'a', type: 'function' }, ''),
    piece({ index: 1, id: 'b', type: 'function' }, ''),
  );
  test.each<readonly [string, readonly object[], Word]>([
    [
      'one through the other',
      [both, calls(piece({ index: 1 }, '{"sea"')), calls(piece({ index: 0 }, '{}'), piece({ index: 1 }, ':1}'))],
      'whole',
    ],
    ['of which one breaks off', [both, calls(piece({ index: 0 }, '{}'), piece({ index: 1 }, '{"sea"'))], 'tool-call'],
    [
      'without an index, each whole and with an id',
      [calls(piece({ id: 'a' }, '{"sea":1}')), calls(piece({ id: 'b' }, '{"sea":2}'))],
      'whole',
    ],
    [
      'without an index, of which one breaks off',
      [calls(piece({ id: 'a' }, '{"sea":1}')), calls(piece({ id: 'b' }, '{"sea'))],
      'tool-call',
    ],
    ['without index and id, side by side', [calls(piece({}, '{"sea":1}'), piece({}, '{"sea":2}'))], 'whole'],
    [
      'with one index for all',
      [calls(piece({ index: 0, id: 'a' }, '{"sea":1}')), calls(piece({ index: 0, id: 'b' }, '{"sea":2}'))],
      'tool-call',
    ],
    [
      'that go on with neither index nor id',
      [calls(piece({ index: 0, id: 'a' }, '{"sea"')), calls(piece({}, ':1')), calls(piece({}, '}'))],
      'whole',
    ],
    [
      'that go on with their id alone, after an index',
      [
        calls(piece({ index: 0, id: 'a' }, '{"sea"')),
        calls(piece({ index: 1, id: 'b' }, '{}')),
        calls(piece({ id: 'a' }, ':1}')),
      ],
      'whole',
    ],
    [
      'that go on so after the second',
      [both, calls(piece({ index: 0 }, '{}')), calls(piece({ index: 1 }, '{"se')), calls(piece({}, 'a":1}'))],
      'whole',
    ],
    ['that go on so, and break off', [calls(piece({ id: 'a' }, '{"sea"')), calls(piece({}, ':'))], 'tool-call'],
    ['with a name alone, one after the other', [calls(named('{"sea":1}')), calls(named('{"sea":2}'))], 'whole'],
    ['with the name in each piece of one', [calls(named('{"sea"')), calls(named(':2}'))], 'whole'],
    [
      'of a custom tool and of a function',
      [calls({ index: 0, type: 'custom', custom: { name: 'run', input: '{' } }, piece({ index: 1 }, '{}'))],
      'whole',
    ],
  ])('%s', (_, choices, word) => {
    expect(validateStream(chatStream(...choices, ends('tool_calls')))).toBe(word);
  });
});
