/**
 * `config/openapi.json` and the listener agree about every input: what the
 * schema takes is taken, and what it does not is refused.
 */
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { ask } from '../harness/client.ts';
import { story } from '../harness/story.ts';
import { check, faultsIn, parametersOf, type Schema } from './schema.ts';

const RUNS = { numRuns: 150, seed: 20_261_126 };

/** Values about the bounds of a schema, and whatever else there is. */
function valuesFor(schema: Schema): fc.Arbitrary<unknown> {
  const {
    enum: words = [],
    pattern,
    minimum,
    maximum,
    maxLength,
  } = schema as { enum?: readonly unknown[]; pattern?: string; minimum?: number; maximum?: number; maxLength?: number };
  const edges = [minimum, maximum].flatMap((edge) => (edge === undefined ? [] : [edge - 1, edge, edge + 1]));
  const lengths =
    maxLength === undefined
      ? []
      : [maxLength, maxLength + 1].flatMap((length) => ['x'.repeat(length), '🌊'.repeat(length)]);
  const likely =
    pattern === undefined
      ? []
      : [fc.stringMatching(new RegExp(pattern)), fc.stringMatching(new RegExp(pattern)).map((text) => `${text}\n`)];
  return fc.oneof(
    ...likely,
    ...(edges.length === 0
      ? []
      : [
          fc.constantFrom(...edges),
          fc.integer({ min: Math.max(minimum ?? 0, 0), max: Math.min(maximum ?? 1e6, 1e6) }),
        ]),
    ...(words.length === 0 ? [] : [fc.constantFrom(...words), fc.constantFrom(...words).map((word) => `${word} `)]),
    ...(lengths.length === 0 ? [] : [fc.constantFrom(...lengths)]),
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('', '0', '00', '-0', '1.5', '1e3', ' 1', 'null', 'true', '__proto__'),
  );
}

/** A text of a query as its schema reads it. */
function typed(text: string, { type }: Schema): unknown {
  return type === 'integer' && /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : text;
}

/** Parameters that mean something beside others alone. */
const BESIDE: Readonly<Record<string, string>> = { from: 'series=hour&to=999999999999999', to: 'series=hour&from=0' };

const ROUTES = [
  ['/entries', 12],
  ['/stats', 7],
] as const;

describe.for(ROUTES)('GET %s takes of each parameter what its schema does:', ([path, count]) => {
  const parameters = [...parametersOf(`GET ${path}`)];

  for (const [name, schema] of parameters) {
    story(name, async ({ open }) => {
      const { adminUrl } = await open();
      const seen = new Set<number>();
      await fc.assert(
        fc.asyncProperty(valuesFor(schema).map(String), async (value) => {
          const query = `${BESIDE[name] ?? ''}&${new URLSearchParams({ [name]: value })}`;
          const { status, text } = await ask(`${adminUrl}${path}?${query}`);
          const faults = check(schema, typed(value, schema));
          // A cursor is opaque: most that look like one are none.
          const isTaken = name !== 'cursor' && faults.length === 0;
          expect([status, JSON.parse(text).error?.param], JSON.stringify(value)).toEqual(
            isTaken ? [200, undefined] : [400, name],
          );
          seen.add(status);
        }),
        RUNS,
      );
      expect([...seen].sort()).toEqual(name === 'cursor' ? [400] : [200, 400]);
    });
  }

  story('no other, and none twice', async ({ open }) => {
    const { adminUrl } = await open();
    for (const query of [
      'unheard=1',
      'model[]=x',
      'Model=x',
      'limit=1&limit=2',
      'model=x&model=x',
      '__proto__=x',
      'constructor=x',
    ]) {
      expect([query, (await ask(`${adminUrl}${path}?${query}`)).status]).toEqual([query, 400]);
    }
    for (const name of Object.keys(path === '/stats' ? BESIDE : {}))
      expect([name, (await ask(`${adminUrl}/stats?${name}=1`)).status]).toEqual([name, 400]);
    expect(parameters.length).toBe(count);
  });
});

/** Objects of these members, some of them missing, perhaps with one more. */
function objectsOf(members: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<object> {
  const stranger = fc.dictionary(fc.constantFrom('more', 'Model', 'dry_run', 'constructor'), fc.constant(1), {
    maxKeys: 1,
  });
  const known = fc.record(members, { requiredKeys: [] });
  return fc.oneof(
    { weight: 4, arbitrary: known },
    { weight: 1, arbitrary: fc.tuple(known, stranger).map(([one, other]) => ({ ...one, ...other })) },
  );
}

const anything = fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, '', 'x', [], {}, ['x'], { x: 1 });
const or = (value: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 3, arbitrary: value }, { weight: 1, arbitrary: anything });

describe('a body is taken where its schema takes it:', () => {
  story('POST /purge', async ({ open }) => {
    const { adminUrl } = await open();
    const seen = new Set<number>();
    const text = fc.constantFrom(
      'gpt',
      'x'.repeat(1_024),
      'x'.repeat(1_025),
      '🌊'.repeat(1_024),
      '🌊'.repeat(1_025),
      '',
    );
    const body = objectsOf({
      model: or(text),
      endpoint: or(fc.constantFrom('chat', 'responses', 'Chat')),
      scope: or(fc.constantFrom('shared:x', 'private:0123456789ab', 'private:x')),
      tag: or(fc.constantFrom('a:b', 'a b', 'x'.repeat(65))),
      olderThan: or(fc.constantFrom(0, 0.5, 1e12, 1e12 + 1, '1')),
      all: or(fc.constant(true)),
      dryRun: or(fc.boolean()),
    });
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 9, arbitrary: body }, { weight: 1, arbitrary: anything }), async (value) => {
        const { status } = await ask(`${adminUrl}/purge`, { body: JSON.stringify(value) });
        expect(status, JSON.stringify(value)).toBe(faultsIn('Purge', value).length === 0 ? 200 : 400);
        seen.add(status);
      }),
      { ...RUNS, numRuns: 600 },
    );
    expect([...seen].sort()).toEqual([200, 400]);
  });

  story('POST /explain', async ({ open }) => {
    const { adminUrl } = await open();
    const seen = new Set<number>();
    const headers = fc.dictionary(
      fc.constantFrom('x-a', 'content-type', 'authorization'),
      or(fc.constantFrom<unknown>('x', ['x'], ['x', 'y'], [1])),
      { maxKeys: 2 },
    );
    const side = or(
      objectsOf({
        method: or(fc.constantFrom('POST', 'GET')),
        path: or(fc.constantFrom('/v1/chat/completions', '/', 'v1')),
        headers: or(headers),
        body: or(fc.constantFrom<unknown>({ model: 'm' }, '{"model":"m"}')),
      }),
    );
    const key = or(fc.constantFrom('0123456789abcdef', 'f'.repeat(64), 'f'.repeat(65), 'F'.repeat(16)));
    await fc.assert(
      fc.asyncProperty(objectsOf({ a: side, b: side, key }), async (value) => {
        const { status, text } = await ask(`${adminUrl}/explain`, { body: JSON.stringify(value) });
        // Nothing is kept, so that no key names anything.
        const isTaken = status === 200 || /nothing is kept under/.test(text);
        expect(isTaken, `${JSON.stringify(value)} ${text}`).toBe(faultsIn('Explain', value).length === 0);
        expect([200, 400]).toContain(status);
        seen.add(status);
      }),
      { ...RUNS, numRuns: 600 },
    );
    expect([...seen].sort()).toEqual([200, 400]);
  });

  story('whatever it is, a text in a charset or a coding that nobody knows is not', async ({ open }) => {
    const { adminUrl } = await open();
    for (const headers of [
      { 'content-type': 'application/json; charset=klingon' },
      { 'content-encoding': 'klingon', 'content-type': 'application/json' },
    ]) {
      const { status, text } = await ask(`${adminUrl}/purge`, { body: '{"all":true}', headers });
      expect([status, JSON.parse(text).error.code]).toEqual([415, 'unsupported_media_type']);
    }
  });
});
