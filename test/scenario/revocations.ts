/**
 * Credentials that an upstream accepts, refuses and accepts again, in any
 * order, asking for what is kept and what is not. Declares a test.
 */
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatRequest, errorAnswer, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { story } from '../harness/story.ts';
import { Random } from '../request/random.ts';

export interface RevocationCounts {
  readonly steps: number;
  readonly seed: number;
}

const CREDENTIALS = 12;
const PROMPTS = 8;
const REFUSALS = [401, 403] as const;
/** A burst of requests of one credential, all at once. */
const BURST = 5;

/** What the proxy may know of a credential, and the upstream does. */
interface Credential {
  readonly name: string;
  /** What the upstream answers. */
  status: 200 | (typeof REFUSALS)[number];
  /** Whether the upstream has refused it since it last accepted it. */
  isKnownRefused: boolean;
  /** The prompts that it was answered. */
  readonly kept: Set<number>;
}

export function refusedGetNoHits({ steps, seed }: RevocationCounts): void {
  describe('however credentials are refused and accepted', () => {
    story(
      `none gets a hit from its refusal on until it is accepted: ${steps} steps of the seed ${seed}`,
      { timeout: 30_000 + steps * 100 },
      async ({ upstream, open }) => {
        const proxy = await open();
        const random = new Random(seed);
        const all = Array.from(
          { length: CREDENTIALS },
          (_, index): Credential => ({
            name: `sk-${index}`,
            status: 200,
            isKnownRefused: false,
            kept: new Set(),
          }),
        );
        const of = (header = '') => all.find(({ name }) => header === `Bearer ${name}`) as Credential;
        upstream.script = (call) => {
          const { status } = of(call.headers.authorization);
          return status === 200 ? sendJson(call, chatAnswer()) : sendJson(call, errorAnswer('revoked'), status);
        };
        const send = async ({ name }: Credential, prompt: number) => {
          const { status, headers } = await ask(proxy.url + CHAT, {
            body: chatRequest(`prompt ${prompt}`),
            headers: { authorization: `Bearer ${name}` },
          });
          return `${status} ${headers['x-cache']}`;
        };
        const seen = { hits: 0, refusals: 0 };
        for (let step = 0; step < steps; step += 1) {
          const credential = random.pick(all);
          if (random.once(8)) credential.status = credential.status === 200 ? random.pick(REFUSALS) : 200;
          // Now and then one that nobody has asked: else a credential that has all its answers would never be refused.
          const prompt = random.once(3) ? PROMPTS + step : random.below(PROMPTS);
          const isHit = credential.kept.has(prompt) && !credential.isKnownRefused;
          const told = isHit ? '200 HIT' : `${credential.status} MISS`;
          expect(await send(credential, prompt), `step ${step}, ${JSON.stringify(credential)}`).toBe(told);
          if (isHit) seen.hits += 1;
          else {
            credential.isKnownRefused = credential.status !== 200;
            if (credential.status === 200) credential.kept.add(prompt);
          }
          if (!credential.isKnownRefused) continue;
          seen.refusals += 1;
          // At once, and whatever it asks for.
          const burst = await Promise.all(Array.from({ length: BURST }, () => send(credential, random.below(PROMPTS))));
          for (const word of burst)
            expect(word, `step ${step}, at once`).toMatch(new RegExp(`^${credential.status} (MISS|FOLLOW)$`));
        }
        expect(Math.min(seen.hits, seen.refusals)).toBeGreaterThan(steps / 10);
      },
    );

    story('one that nobody has seen accepted gets none of the answers of another', async ({ upstream, open }) => {
      const proxy = await open();
      const asking = (name: string) => ({ body: chatRequest(), headers: { authorization: `Bearer ${name}` } });
      upstream.script = (call) =>
        call.headers.authorization === 'Bearer known'
          ? sendJson(call, chatAnswer())
          : sendJson(call, errorAnswer('who?'), 401);
      await ask(proxy.url + CHAT, asking('known'));
      for (const name of ['unknown', 'known ', 'Known', '']) {
        expect((await ask(proxy.url + CHAT, asking(name))).status, name).toBe(name === 'known ' ? 200 : 401);
      }
      expect((await ask(proxy.url + CHAT, asking('known'))).headers['x-cache']).toBe('HIT');
    });
  });
}
