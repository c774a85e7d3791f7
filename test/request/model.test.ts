import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ModelScan } from '../../src/request/model.ts';

function modelIn(text: string, size = Infinity): string | null {
  const scan = new ModelScan();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += Math.min(size, bytes.length)) scan.push(bytes.subarray(at, at + size));
  return scan.model;
}

describe('the model of a request that is not read for its key', () => {
  test.each<readonly [string, string, string | null]>([
    ['first', '{"model":"gpt-4o","messages":[]}', 'gpt-4o'],
    ['last, with space', '{ "messages" : [ {"role":"user"} ] ,\n "model" : "gpt-4o" }', 'gpt-4o'],
    [
      'behind another of that name',
      '{"tools":[{"model":"inner"}],"metadata":{"model":"inner"},"model":"gpt-4o"}',
      'gpt-4o',
    ],
    ['behind a text that quotes it', '{"messages":[{"content":"\\"model\\":\\"said\\""}],"model":"gpt-4o"}', 'gpt-4o'],
    ['behind a text that ends in backslashes', '{"user":"\\\\","model":"gpt-4o"}', 'gpt-4o'],
    ['behind a value of that text', '{"user":"model","model":"gpt-4o"}', 'gpt-4o'],
    ['with escapes', '{"model":"gp\\u0074-\\"4o\\" ü"}', 'gpt-"4o" ü'],
    ['behind scalars', '{"n":1,"stream":true,"stop":null,"model":"gpt-4o"}', 'gpt-4o'],
    ['as an object', '{"model":{"model":"inner"}}', null],
    ['as a number', '{"model":4,"user":"x"}', null],
    ['nowhere', '{"messages":[]}', null],
    ['in a list', '[{"model":"inner"}]', null],
    ['in no JSON', 'model=gpt-4o', null],
    ['too long', `{"model":"${'x'.repeat(1_100)}"}`, null],
  ])('%s', (_, text, model) => {
    for (const size of [Infinity, 1, 2, 3, 7]) expect(modelIn(text, size), String(size)).toBe(model);
  });

  test('is what a parser reads, in whatever pieces the body comes', () => {
    const names = fc.constantFrom('model', 'user', '"', '\\', 'model"', 'ü');
    const bodies = fc.dictionary(names, fc.oneof(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), names), {
      maxKeys: 5,
    });
    fc.assert(
      fc.property(bodies, fc.integer({ min: 1, max: 9 }), (body, size) => {
        const { model } = body as { readonly model?: unknown };
        return modelIn(JSON.stringify(body), size) === (typeof model === 'string' ? model : null);
      }),
      { numRuns: 1_000 },
    );
  });

  test('is found in a long body while others have their turn', async () => {
    const body = Buffer.from(`{"stop":[${'1,'.repeat(1_500_000)}1],"model":"gpt-4o"}`);
    let turns = 0;
    const count = () => {
      turns++;
      counting = setImmediate(count);
    };
    let counting = setImmediate(count);
    expect(await ModelScan.modelInTurns(body)).toBe('gpt-4o');
    clearImmediate(counting);
    expect(turns).toBeGreaterThan(3);
    for (const text of ['', '{"model":"m"}', '[]']) {
      expect(await ModelScan.modelInTurns(Buffer.from(text))).toBe(modelIn(text));
    }
  });
});
