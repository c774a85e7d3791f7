/**
 * The cost of computing a key, by the kind of body: `node test/bench/keying.ts`.
 *
 * `at once`: the time of one naming on one thread, in ms. `held`: the longest
 * that the event loop was held while the namer, which hands long bodies to a
 * thread, named the same body ten times.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createKeyer } from '../../src/request/keyer.ts';
import { computeKey } from '../../src/request/key.ts';
import type { KeyContext } from '../../src/request/key.ts';
import { parseHead } from '../../src/request/parsed-head.ts';
import { WholeBody } from '../../src/request/whole-body.ts';
import { rulesWith } from '../harness/keys.ts';

const ROUNDS = 100;
const MIB = 1024 * 1024;

const message = (index: number) => ({
  role: 'user',
  content: [
    {
      type: 'text',
      text:
        `This is message number ${index}, and it says about as much as people say to a model in one turn ` +
        `of a talk.`,
    },
  ],
});
const many = (count: number, item: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => item(index)).join(',');
const chat = (others: object) => JSON.stringify({ model: 'm', ...others });

const BODIES: readonly (readonly [string, string])[] = [
  ['1 KB, one message', chat({ messages: [{ role: 'user', content: 'x'.repeat(1000) }] })],
  [
    '20 KB, 20 messages and 10 tools',
    chat({
      messages: Array.from({ length: 20 }, () => ({ role: 'user', content: 'x'.repeat(700) })),
      tools: Array.from({ length: 10 }, (_, index) => ({
        type: 'function',
        function: {
          name: `f${index}`,
          description: 'd'.repeat(300),
          parameters: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'number' } } },
        },
      })),
    }),
  ],
  ['100 KB, 600 messages', chat({ messages: Array.from({ length: 600 }, (_, index) => message(index)) })],
  ['1 MB, 6,000 messages', chat({ messages: Array.from({ length: 6_000 }, (_, index) => message(index)) })],
  [
    '1 MB, one text',
    chat({ messages: [{ role: 'user', content: 'All the waters of the sea are one water.\n'.repeat(25_000) }] }),
  ],
  [
    '1 MB, one image',
    chat({
      messages: [
        {
          role: 'user',
          content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${'iVBORw0K'.repeat(130_000)}` } }],
        },
      ],
    }),
  ],
  ['300 KB of {}', `{"x":[${many(100_000, () => '{}')}]}`],
  ['1 MB of [', '['.repeat(MIB)],
  ['1 MB of [ below a name', `{"x":${'['.repeat(MIB)}`],
  ['1 MB, 100,000 names', `{"x":{${many(100_000, (index) => `"${index}":1`)}}}`],
  ['1 MB, 100,000 names at the top', `{${many(100_000, (index) => `"${index}":1`)}}`],
  ['16 MB, one image', chat({ messages: [{ role: 'user', content: 'iVBORw0K'.repeat(2 * MIB) }] })],
];

const rules = rulesWith();
const keyContext = parseHead(rules, { method: 'POST', url: '/v1/chat/completions', fields: new Map() })
  .keyContext as KeyContext;
const keyer = createKeyer(0);
await keyer.key(keyContext, new WholeBody([Buffer.alloc(MIB)]));
console.log('| body | at once, median | p99 | held |\n|---|---|---|---|');
for (const [what, text] of BODIES) {
  const body = Buffer.from(text);
  const rounds = body.length > 2 * MIB ? ROUNDS / 10 : ROUNDS;
  for (let round = 0; round < rounds / 5; round++) computeKey(keyContext, body);
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now();
    computeKey(keyContext, body);
    return performance.now() - start;
  }).sort((a, b) => a - b);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  for (let round = 0; round < 10; round++) {
    await keyer.key(keyContext, new WholeBody([body]));
    await new Promise(setImmediate);
  }
  delay.disable();
  const at = (share: number) => (times[Math.ceil(times.length * share) - 1] as number).toFixed(2);
  console.log(`| ${what} | ${at(0.5)} | ${at(0.99)} | ${(delay.max / 1e6).toFixed(1)} |`);
}
await keyer.close();
