/**
 * Credentials that an upstream accepts, refuses and accepts again, in any
 * order, asking for what is kept and what is not. Declares a test.
 */
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatRequest, errorAnswer, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import type { Call } from '../harness/upstream.ts';
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

/** A credential: what the proxy may know of it, and what the upstream does. */
class Credential {
  readonly name: string;
  /** The upstream's answer. */
  status: 200 | (typeof REFUSALS)[number] = 200;
  /** True while the upstream has refused it since it last accepted it. */
  isKnownRefused = false;
  /** The prompts that were answered. */
  readonly #kept = new Set<number>();

  constructor(name: string) {
    this.name = name;
  }

  turn(random: Random): void {
    this.status = this.status === 200 ? random.pick(REFUSALS) : 200;
  }

  hasHit(prompt: number): boolean {
    return this.#kept.has(prompt) && !this.isKnownRefused;
  }

  answer(call: Call): void {
    if (this.status === 200) sendJson(call, chatAnswer());
    else sendJson(call, errorAnswer('revoked'), this.status);
  }

  /** @returns the status and the outcome */
  async send({ url }: Proxy, prompt: number): Promise<string> {
    const { status, headers } = await ask(url + CHAT, {
      body: chatRequest(`prompt ${prompt}`),
      headers: { authorization: `Bearer ${this.name}` },
    });
    return `${status} ${headers['x-cache']}`;
  }

  /** The upstream has answered it, or refused it. */
  learn(prompt: number): void {
    this.isKnownRefused = this.status !== 200;
    if (this.status === 200) this.#kept.add(prompt);
  }
}

async function askOnce(proxy: Proxy, credential: Credential, prompt: number, step: string): Promise<void> {
  const isHit = credential.hasHit(prompt);
  const word = await credential.send(proxy, prompt);
  expect(word, `${step}, ${JSON.stringify(credential)}`).toBe(isHit ? '200 HIT' : `${credential.status} MISS`);
  if (!isHit) credential.learn(prompt);
}

/** A refused credential asks for several prompts at once, whichever they are. */
async function askAtOnce(proxy: Proxy, credential: Credential, random: Random, step: string): Promise<void> {
  const words = await Promise.all(Array.from({ length: BURST }, () => credential.send(proxy, random.below(PROMPTS))));
  for (const word of words) expect(word, step).toMatch(new RegExp(`^${credential.status} (MISS|FOLLOW)$`));
}

export function refusedGetNoHits({ steps, seed }: RevocationCounts): void {
  describe('however credentials are refused and accepted', () => {
    story(
      `none gets a hit from its refusal on until it is accepted: ${steps} steps of the seed ${seed}`,
      { timeout: 180_000 + steps * 100 },
      async ({ upstream, open }) => {
        const proxy = await open();
        const random = new Random(seed);
        const all = Array.from({ length: CREDENTIALS }, (_, index) => new Credential(`sk-${index}`));
        const of = (header = '') => all.find(({ name }) => header === `Bearer ${name}`) as Credential;
        upstream.script = (call) => of(call.headers.authorization).answer(call);
        const seen = { hits: 0, refusals: 0 };
        for (let step = 0; step < steps; step += 1) {
          const one = random.pick(all);
          if (random.once(8)) one.turn(random);
          // Now and then one that nobody has asked: else a credential that has all its answers would never be refused.
          const prompt = random.once(3) ? PROMPTS + step : random.below(PROMPTS);
          seen.hits += Number(one.hasHit(prompt));
          await askOnce(proxy, one, prompt, `step ${step}`);
          seen.refusals += Number(one.isKnownRefused);
          if (one.isKnownRefused) await askAtOnce(proxy, one, random, `step ${step}, at once`);
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
