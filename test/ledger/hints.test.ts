import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { IsFirst } from '../../src/ledger/hint-list.ts';
import { Hints, type Sighting } from '../../src/ledger/hints.ts';
import { createLog } from '../../src/log.ts';
import type { Dialect } from '../../src/dialect.ts';
import { pointerInRequest } from '../../src/request/json-pointer.ts';
import { isLeftOutByEngine } from '../../src/request/other-dialect.ts';
import { rulesWith } from '../harness/keys.ts';
import type { Store } from '../../src/store/store.ts';
import { usesIn } from '../../src/store/use-counter.ts';
import { createTestClock } from '../harness/clock.ts';

const NEEDED = 20;
const bodyOf = (content: string, others = '') =>
  `json:{"messages":[{"role":"user","content":"${content}"}],"model":"m"${others}}`;
const BODY = bodyOf('What is the sea?');
const settled = () => new Promise((resolve) => setImmediate(resolve));

interface Asked extends Partial<Sighting> {
  readonly dialect?: Dialect | null;
  readonly body?: string;
  readonly scope?: string;
}

const RULES = rulesWith();
const byEngine = (dialect: Dialect) => (name: string) =>
  isLeftOutByEngine(RULES.omissions, { dialect, pointer: pointerInRequest(name), body: undefined });

/** Hints over answers that are all kept; `uses` says how often each was served again, null for one that is not kept. */
function createWatch({
  ignored = ['default'],
  uses = async (_key: string): Promise<number | null> => 0,
  isFirst = null as IsFirst | null,
} = {}) {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('info', { write: (line) => void lines.push(JSON.parse(line)) });
  const hints = new Hints({ log, ignored, usesOf: uses, isFirst });
  let asked = 0;
  const miss = (
    headers: Record<string, string>,
    { body = BODY, scope = 'private:1', dialect, ...more }: Asked = {},
  ) => {
    const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [`header:${name}`, value]));
    const parts = {
      scope,
      upstream: 'https://a.test',
      path: '/v1/chat/completions',
      query: '',
      variant: '',
      ...named,
      body,
    };
    return hints.missed({
      endpoint: 'chat',
      key: `${(asked += 1)}.json`,
      parts,
      credential: 'https://a.test 1',
      ...(dialect && { isLeftOutByEngine: byEngine(dialect) }),
      ...more,
    });
  };
  return { hints, lines, miss };
}

async function times(count: number, act: (index: number) => unknown): Promise<void> {
  for (let index = 0; index < count; index += 1) act(index);
  await settled();
}

describe('a header that is new each time while bodies repeat', () => {
  test('is named after 20 values, in one line of the log, and counted from then on', async () => {
    const { hints, lines, miss } = createWatch();
    await times(NEEDED - 1, () => miss({ 'x-foo': randomUUID(), 'x-lab': 'seven' }));
    expect(hints.list()).toEqual([]);
    await times(1, () => miss({ 'x-foo': randomUUID(), 'x-lab': 'seven' }));
    const setting = 'key.ignore=default,header:x-foo';
    expect(lines).toMatchObject([
      {
        level: 'info',
        about: 'header:x-foo',
        requests: 19,
        setting,
        msg: expect.stringContaining(`header x-foo kept 19 requests from hitting; ${setting}`),
      },
    ]);
    await times(18, () => miss({ 'x-foo': randomUUID(), 'x-lab': 'seven' }));
    expect(hints.list()).toEqual([
      {
        about: 'header:x-foo',
        requests: 37,
        setting,
        text: expect.stringMatching(/^header x-foo kept 37 requests from hitting; key\.ignore=default,header:x-foo /),
      },
    ]);
    expect(lines).toHaveLength(1);
  });

  test('is named where each of many bodies comes twice alone', async () => {
    const { hints, miss } = createWatch();
    for (let round = 0; round < 2; round += 1)
      await times(200, (index) => miss({ 'x-foo': randomUUID() }, { body: bodyOf(`question ${index}`) }));
    expect(hints.list()).toMatchObject([{ about: 'header:x-foo', requests: 200 }]);
  });

  test('is named where thousands of questions are asked before one comes again', async () => {
    const { hints, miss } = createWatch();
    for (let round = 0; round < 2; round += 1)
      await times(5_000, (index) => miss({ 'x-foo': randomUUID() }, { body: bodyOf(`question ${index}`) }));
    expect(hints.list()).toMatchObject([{ about: 'header:x-foo', setting: 'key.ignore=default,header:x-foo' }]);
  });

  test('is named beside another, and both where both are new', async () => {
    const { hints, miss } = createWatch({ ignored: [] });
    await times(NEEDED, () => miss({ 'x-foo': randomUUID(), 'x-bar': randomUUID() }));
    expect(hints.list().map(({ setting }) => setting)).toEqual(['key.ignore=header:x-foo', 'key.ignore=header:x-bar']);
  });

  test('is not named where no body repeats', async () => {
    const { hints, miss } = createWatch();
    await times(300, (index) => miss({ 'x-foo': randomUUID() }, { body: bodyOf(`question ${index}`) }));
    expect(hints.list()).toEqual([]);
  });

  test('is not named where each scope, or each credential in a shared one, has its own', async () => {
    const { hints, miss } = createWatch();
    await times(100, (index) => miss({ 'x-foo': randomUUID() }, { scope: `private:${index}` }));
    await times(100, (index) =>
      miss({ 'x-foo': randomUUID() }, { scope: 'shared:team', credential: `https://a.test ${index}` }),
    );
    expect(hints.list()).toEqual([]);
  });

  test('is named without advice where its values can be read', async () => {
    for (const valueOf of [
      (index: number) => `run ${index} of the long night`,
      (index: number) => String(index),
      (index: number) => `production-eu-west-${'abc'.repeat(index)}`,
    ]) {
      const { hints, miss } = createWatch();
      await times(2 * NEEDED, (index) => miss({ 'x-foo': valueOf(index) }));
      expect(hints.list()).toMatchObject([{ about: 'header:x-foo', requests: 39, setting: null }]);
    }
  });
});

describe('a field that is new each time', () => {
  test('is named where the rest of the body repeats', async () => {
    const { hints, miss } = createWatch();
    await times(NEEDED, () => miss({}, { body: bodyOf('x', `,"trace_id":"${randomUUID()}"`) }));
    expect(hints.list()).toMatchObject([
      {
        about: '/trace_id',
        requests: 19,
        setting: 'key.ignore=default,/trace_id',
        text: expect.stringMatching(/^field \/trace_id kept 19/),
      },
    ]);
  });

  test('is not named where the API knows it, its value is no token, or it stands deeper', async () => {
    const { hints, miss } = createWatch();
    const bodies = [
      (index: number) => `json:{"messages":[],"model":"gpt-4o-mini-2024-07-18-${index}"}`,
      (index: number) => bodyOf('x', `,"service_tier":"a-tier-of-my-own-${index}-x"`),
      (index: number) => bodyOf('x', `,"trace":"run ${index} of the long night"`),
      () => bodyOf('x', `,"trace":{"id":"${randomUUID()}"}`),
      () => bodyOf(randomUUID()),
      () => `raw:{"trace_id":"${randomUUID()}","trace_id":1}`,
    ];
    for (const body of bodies) await times(3 * NEEDED, (index) => miss({}, { body: body(index) }));
    expect(hints.list()).toEqual([]);
  });

  test('that is a label at OpenAI is named with the dialect that leaves it out', async () => {
    const { hints, miss } = createWatch();
    await times(NEEDED, () =>
      miss({}, { body: bodyOf('x', `,"prompt_cache_key":"${randomUUID()}"`), dialect: 'compatible' }),
    );
    expect(hints.list()).toMatchObject([{ about: '/prompt_cache_key', setting: 'dialect=engine' }]);
  });
});

const FORBIDDEN = [
  'user',
  'tenant',
  'org',
  'account',
  'team',
  'auth',
  'token',
  'cookie',
  'session',
  'session-id',
  'thread-id',
  'customer',
  'api-key',
  'key',
  'secret',
  'model',
];
const token = fc.stringMatching(/^[A-Za-z._:-]{8,20}[0-9][A-Za-z0-9._:-]{8,20}$/);

describe('the advice to leave something out of the key', () => {
  test('is never given for what may say who asks, or what is asked', async () => {
    const affix = fc.stringMatching(/^[a-z0-9_-]{0,6}$/);
    const cased = fc
      .constantFrom(...FORBIDDEN)
      .chain((word) => fc.constantFrom(word, word.toUpperCase(), `${word[0]?.toUpperCase()}${word.slice(1)}`));
    await fc.assert(
      fc.asyncProperty(
        affix,
        cased,
        affix,
        fc.boolean(),
        fc.uniqueArray(token, { minLength: 25, maxLength: 40 }),
        async (before, word, after, isField, values) => {
          const name = `x${before}${isField ? word.replaceAll('-', '_') : word.toLowerCase()}${after}`;
          const { hints, miss } = createWatch();
          for (const value of values)
            isField ? miss({}, { body: bodyOf('x', `,"${name}":"${value}"`) }) : miss({ [name]: value });
          await settled();
          expect(hints.list()).toMatchObject([
            { about: isField ? `/${name}` : `header:${name}`, requests: values.length - 1, setting: null },
          ]);
          expect(JSON.stringify(hints.list())).not.toContain('key.ignore');
        },
      ),
      { numRuns: 200 },
    );
  });

  test('is never given for values that repeat, however late: then it is taken back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(token, { minLength: 25, maxLength: 40 }),
        fc.nat(),
        fc.nat(),
        async (values, from, to) => {
          const { hints, miss } = createWatch();
          const [early, late] = [from % values.length, to % values.length].sort((a, b) => a - b) as [number, number];
          const repeated = values.toSpliced(late + 1, 0, values[early] as string);
          for (const value of repeated) {
            miss({ 'x-foo': value });
            await settled();
          }
          expect(hints.list()).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('is not given where such a request was followed, or its answer was a hit', async () => {
    const followed = createWatch();
    await times(NEEDED - 1, () => followed.miss({ 'x-foo': randomUUID() }));
    followed.hints.followed('7.json');
    await times(NEEDED, () => followed.miss({ 'x-foo': randomUUID() }));
    expect(followed.hints.list()).toEqual([]);
    const hit = createWatch({ uses: async (key) => (key === '7.json' ? 1 : 0) });
    await times(3 * NEEDED, () => hit.miss({ 'x-foo': randomUUID() }));
    expect(hit.hints.list()).toEqual([]);
  });

  test('is not given while answers are not kept, or nothing can be learnt of them', async () => {
    let isKept = false;
    const uses = async () => {
      if (isKept) return 0;
      if (Math.random() < 0.5) throw new Error('the store is away');
      return null;
    };
    const { hints, miss } = createWatch({ uses });
    await times(3 * NEEDED, () => miss({ 'x-foo': randomUUID() }));
    expect(hints.list()).toEqual([]);
    isKept = true;
    await times(NEEDED, () => miss({ 'x-foo': randomUUID() }));
    expect(hints.list()).toMatchObject([{ about: 'header:x-foo' }]);
  });

  test('is taken back where a value can be read after all, here or in another scope', async () => {
    for (const scope of ['private:1', 'private:2']) {
      const { hints, miss } = createWatch();
      await times(NEEDED, () => miss({ 'x-foo': randomUUID() }));
      expect(hints.list()).toMatchObject([{ setting: 'key.ignore=default,header:x-foo' }]);
      await times(NEEDED, (index) => miss({ 'x-foo': `the ${index}th` }, { scope }));
      expect(hints.list()).toMatchObject([{ setting: null, text: expect.stringMatching(/can be read/) }]);
    }
  });

  test('does not take a request that is tried again for a value that repeats', async () => {
    const { hints, miss } = createWatch();
    await times(NEEDED, (index) => {
      const id = randomUUID();
      for (let attempt = 0; attempt < 3; attempt += 1) miss({ 'x-foo': id }, { key: `tried ${index}` });
    });
    expect(hints.list()).toMatchObject([{ requests: 19, setting: expect.stringContaining('header:x-foo') }]);
  });
});

describe('what is named with its meaning', () => {
  test.each<[string, Dialect | null, string | null, RegExp]>([
    [
      'session-id',
      'compatible',
      'dialect=engine',
      /names a conversation.*dialect=engine leaves it out, if this one answers from the body alone$/,
    ],
    ['session-id', 'openai', null, /names a conversation, by which some servers answer$/],
    ['x-session-affinity', null, null, /names a conversation/],
    ['x-conversation-ref', 'compatible', null, /names a conversation, by which some servers answer$/],
    ['x-claude-code-session-id', 'compatible', 'dialect=engine', /dialect=engine leaves it out/],
    ['x-openwebui-chat-id', 'compatible', 'dialect=engine', /dialect=engine leaves it out/],
    ['cookie', null, null, /cookies/],
    ['x-user-id', null, null, /who asks/],
    ['x-goog-api-key', null, null, /credential/],
    ['x-portkey-api-key', null, null, /credential/],
    ['x-portkey-trace-id', null, 'key.ignore=default,header:x-portkey-trace-id', /leaves it out of the key/],
  ])('%s before %s', async (name, dialect, setting, words) => {
    const { hints, miss } = createWatch();
    await times(NEEDED, () => miss({ [name]: randomUUID() }, { dialect }));
    expect(hints.list()).toMatchObject([{ about: `header:${name}`, setting, text: expect.stringMatching(words) }]);
  });

  test.each(['session-id', 'x-codex-window-id', 'cookie'])(
    '%s, also where its value is the same for many questions before there is a new one',
    async (name) => {
      const { hints, miss } = createWatch({ uses: async () => 1 });
      for (const session of ['first', 'second', 'third']) {
        await times(10, (index) =>
          miss({ [name]: `${name}-${session}-0001` }, { body: bodyOf(`question ${index}`), dialect: 'compatible' }),
        );
      }
      expect(hints.list()).toMatchObject([
        { about: `header:${name}`, requests: 20, setting: name === 'cookie' ? null : 'dialect=engine' },
      ]);
    },
  );

  test('a token of the scope that is issued again and again while the credential is the same', async () => {
    const { hints, miss } = createWatch();
    await times(NEEDED, (index) =>
      miss(
        {},
        {
          scope: `private:${index}`,
          callerHeaders: new Map([
            ['x-forwarded-access-token', randomUUID()],
            ['x-forwarded-user', 'alice'],
          ]),
        },
      ),
    );
    expect(hints.list()).toMatchObject([
      {
        about: 'header:x-forwarded-access-token',
        requests: 19,
        setting: null,
        text: expect.stringMatching(/issued again and again/),
      },
    ]);
    const hourly = createWatch();
    for (let hour = 0; hour < 3; hour += 1) {
      await times(10, (index) =>
        hourly.miss(
          {},
          {
            body: bodyOf(`question ${index}`),
            scope: `private:${hour}`,
            callerHeaders: new Map([
              ['x-forwarded-access-token', `token-of-hour-${hour}`],
              ['x-forwarded-user', 'alice'],
            ]),
          },
        ),
      );
    }
    expect(hourly.hints.list()).toMatchObject([{ about: 'header:x-forwarded-access-token', requests: 20 }]);
  });

  test('a user by the words on users, also beside one who is given as a token', async () => {
    for (const name of ['x-ms-client-principal-name', 'x-ms-client-principal-id', 'x-amzn-oidc-identity']) {
      const { hints, miss } = createWatch();
      await times(NEEDED, () => miss({}, { callerHeaders: new Map([[name, randomUUID()]]) }));
      expect(hints.list(), name).toMatchObject([{ setting: null, text: expect.stringMatching(/it says who asks/) }]);
    }
  });

  test('no users who ask the same with one credential, nor their tokens', async () => {
    const { hints, miss } = createWatch();
    for (let round = 0; round < 3; round += 1) {
      await times(40, (user) =>
        miss(
          {},
          {
            scope: `private:${user}`,
            key: `${user}.json`,
            callerHeaders: new Map([
              ['x-forwarded-access-token', `token of ${user}`],
              ['x-forwarded-user', `user ${user}`],
            ]),
          },
        ),
      );
    }
    expect(hints.list()).toEqual([]);
  });

  test.each([
    [true, 'sse.noStore=ignore'],
    [false, null],
  ])('no-store that may be a habit (%s)', (isHabit, setting) => {
    const { hints, lines } = createWatch();
    for (let request = 0; request < NEEDED - 1; request += 1) hints.refusedToStore(isHabit);
    expect(hints.list()).toEqual([]);
    for (let request = 0; request < 18; request += 1) hints.refusedToStore(isHabit);
    expect(hints.list()).toMatchObject([
      {
        about: 'no-store',
        requests: 37,
        setting,
        text: expect.stringMatching(/^Cache-Control: no-store kept 37 requests from hitting; it is/),
      },
    ]);
    expect(lines).toHaveLength(1);
  });
});

test('no value is told, and what is remembered is bounded whatever clients send', async () => {
  const { hints, lines, miss } = createWatch();
  await times(3 * NEEDED, (index) => miss({ 'x-foo': `sk-very-secret-${index}-value`, 'x-name': `alice ${index}` }));
  expect(JSON.stringify([hints.list(), lines])).not.toMatch(/sk-very|alice/);
  for (let name = 0; name < 150; name += 1) {
    for (let request = 0; request < NEEDED; request += 1)
      miss({ [`x-h${name}`]: randomUUID() }, { scope: `private:${name}` });
    await settled();
  }
  expect(hints.list()).toHaveLength(100);
  await times(1_000, (index) => miss({ [`x-${randomUUID()}`]: 'x', 'x-foo': 'y' }, { body: bodyOf(`${index}`) }));
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`x-${index}`, randomUUID()]));
  expect(miss(many)).toBeNull();
});

describe('of several processes', () => {
  test('one logs a hint, and all count it', async () => {
    const asked: string[] = [];
    const { hints, lines, miss } = createWatch({ isFirst: async (id) => asked.push(id) === 0 });
    for (let call = 0; call < NEEDED; call += 1) miss({ 'x-run-ref': randomUUID() });
    await settled();
    expect(hints.list()).toMatchObject([{ about: 'header:x-run-ref', requests: NEEDED - 1 }]);
    expect([asked, lines]).toEqual([['https://a.test header:x-run-ref'], []]);
  });

  test('each knows the uses of the others a while later', async () => {
    const clock = createTestClock();
    const rows = [{ hits: 0 }];
    const uses = usesIn({ listByPrefix: async () => rows } as unknown as Store, clock)('key');
    const alone = usesIn({ listByPrefix: async () => rows } as unknown as Store, null)('key');
    await expect(alone).resolves.toBe(0);
    rows[0] = { hits: 3 };
    clock.advance(2_000);
    await expect(uses).resolves.toBe(3);
  });
});
