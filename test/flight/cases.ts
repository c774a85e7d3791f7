/**
 * All that can happen, at every point, in every kind of life.
 */
import type { Kind } from './answers.ts';
import { EVENTS } from './events.ts';
import { type Circumstances, type Doing, POINTS } from './lifecycle.ts';

const KINDS: readonly Kind[] = ['json', 'events', 'chat'];

/** How the first request leads its call and hears it, where that is not by hand and at once. */
export const FIRSTS: readonly Circumstances['first'][] = [
  { pace: 'eager', leading: 'says all' },
  { pace: 'fleeing', leading: 'says all' },
  { pace: 'eager', leading: 'fails' },
  { pace: 'eager', leading: 'throws' },
  { pace: 'eager', leading: 'begins and throws' },
  { pace: 'lazy', leading: 'by hand' },
  { pace: 'fleeing', leading: 'by hand' },
];

export const PLAINLY: Circumstances = {
  kind: 'chat',
  shared: false,
  onAbandon: 'abort',
  first: { pace: 'eager', leading: 'by hand' },
  isHasty: false,
};

/** Lifecycles of every kind, and every two manners of them together. */
export const MANNERS: readonly Circumstances[] = KINDS.flatMap((kind) => [
  { ...PLAINLY, kind },
  { ...PLAINLY, kind, shared: true, isHasty: true },
  { ...PLAINLY, kind, onAbandon: 'finish', shared: true },
  { ...PLAINLY, kind, onAbandon: 'finish', isHasty: true },
]);

/** From this point on. */
export function* everywhere(first = 0): Generator<{ doing: Doing; title: string }> {
  for (let point = first; point < POINTS; point++) {
    for (const [name, event] of Object.entries(EVENTS))
      yield { doing: { point, event }, title: `${name} before point ${point}` };
  }
}
