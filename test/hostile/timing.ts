/**
 * Two callers with scopes of their own, of whom one measures how long answers
 * take, to learn what the other has asked. What must hold is how they are
 * answered; how long that took is told, with the statistic of Kolmogorov and
 * Smirnov. Declares a test.
 */
import { expect } from 'vitest';
import { CHAT, chatAnswer, chatRequest, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { story } from '../harness/story.ts';
import { Random } from '../request/random.ts';

export interface TimingOptions {
  /** How many times of each kind are compared. */
  readonly samples: number;
  readonly seed: number;
  readonly tell?: (what: string) => void;
}

const asked = (prompt: string, name: string) => ({
  body: chatRequest(prompt),
  headers: { authorization: `Bearer ${name}`, 'x-refrain-debug': '1' },
});

/** The facts that a client may learn of its answer, without those that concern its own request alone. */
const learned = ({ date, 'x-refrain-request-id': id, 'x-refrain-key': key, ...headers }: Record<string, unknown>) => [
  Object.entries(headers).toSorted(),
  typeof date,
  typeof id,
  typeof key,
];

export function tellNothingByTime({ samples, seed, tell }: TimingOptions): void {
  story(
    `a caller learns nothing of what another has asked: ${samples} times of each kind, seed ${seed}`,
    { timeout: 180_000 + samples * 200 },
    async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = (call) => sendJson(call, chatAnswer());
      const random = new Random(seed);
      const rounds = random.shuffled(
        Array.from({ length: 3 * samples }, (_, index) => ({
          prompt: `prompt ${index}`,
          kind: (['nobody', 'another', 'itself'] as const)[index % 3] as Kind,
        })),
      );
      for (const { prompt, kind } of rounds) {
        if (kind === 'another') await ask(proxy.url + CHAT, asked(prompt, 'victim'));
        if (kind === 'itself') await ask(proxy.url + CHAT, asked(prompt, 'attacker'));
      }
      const before = upstream.calls.length;
      const times: Record<Kind, number[]> = { nobody: [], another: [], itself: [] };
      const told: Record<Kind, Set<string>> = { nobody: new Set(), another: new Set(), itself: new Set() };
      for (const { prompt, kind } of rounds) {
        const began = performance.now();
        const { headers } = await ask(proxy.url + CHAT, asked(prompt, 'attacker'));
        times[kind].push(performance.now() - began);
        told[kind].add(
          JSON.stringify(
            learned({ ...headers, 'x-refrain-why': String(headers['x-refrain-why']).replaceAll(/nearest=\w+/g, '') }),
          ),
        );
        if (kind !== 'itself') expect([headers['x-cache'], headers.age]).toEqual(['MISS', undefined]);
      }
      // Each went up, as if nobody had asked; and nothing but time could tell them apart.
      expect(upstream.calls).toHaveLength(before + 2 * samples);
      expect(told.another).toEqual(told.nobody);
      const [leak, power] = [compare(times.another, times.nobody), compare(times.itself, times.nobody)];
      tell?.(
        `asked by another or by nobody: KS D ${leak.distance.toFixed(3)}, p ${leak.p.toFixed(3)}; ` +
          `by itself or by nobody: D ${power.distance.toFixed(3)}, p ${power.p.toExponential(1)}`,
      );
    },
  );
}

type Kind = 'nobody' | 'another' | 'itself';

/** The two-sample test: the greatest distance of two distributions, and how likely that is where they are one. */
export function compare(
  one: readonly number[],
  other: readonly number[],
): { readonly distance: number; readonly p: number } {
  const shareUpTo = (values: readonly number[], bound: number) =>
    values.filter((value) => value <= bound).length / values.length;
  const distance = Math.max(
    ...[...one, ...other].map((bound) => Math.abs(shareUpTo(one, bound) - shareUpTo(other, bound))),
  );
  const size = Math.sqrt((one.length * other.length) / (one.length + other.length));
  const lambda = (size + 0.12 + 0.11 / size) * distance;
  let p = 0;
  for (let k = 1; k <= 100; k += 1) p += 2 * (-1) ** (k - 1) * Math.exp(-2 * k * k * lambda * lambda);
  return { distance, p: lambda < 0.2 ? 1 : Math.min(1, Math.max(0, p)) };
}
