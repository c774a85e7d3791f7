/**
 * Requests at a steady pace, whatever becomes of those before, and how long each took.
 */
import { Agent, request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { chatRequest } from '../../harness/answers.ts';
import type { Gateway } from './gateway.ts';

export interface Sample {
  /** From the begin of the load to the begin of this request, in ms. */
  readonly at: number;
  readonly ms: number;
  readonly isFailed: boolean;
}

/** Longer than any gateway here was seen to wait. */
const TIMEOUT_MS = 100_000;

/** Each on a connection of its own: none fails for a server that has just closed an idle one. */
const agent = new Agent({ keepAlive: false });

/** @returns whether it was answered, with 200 and to its end */
export function asks(gateway: Gateway, node: number, prompt: string, others: object = {}): Promise<boolean> {
  const { nodes, headers } = gateway;
  return new Promise((resolve) => {
    const outgoing = request(
      `${nodes[node % nodes.length]}/v1/chat/completions`,
      { method: 'POST', agent, timeout: TIMEOUT_MS, headers: { 'content-type': 'application/json', ...headers } },
      (answer) => {
        answer.resume().on('close', () => {
          const isAnswered = answer.complete && answer.statusCode === 200;
          if (!isAnswered) console.error(`${gateway.name}: ${answer.statusCode}, ${answer.complete ? 'whole' : 'cut'}`);
          resolve(isAnswered);
        });
      },
    );
    outgoing.on('error', (error) => {
      console.error(`${gateway.name}: ${error.message}`);
      resolve(false);
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.end(JSON.stringify(chatRequest(prompt, others)));
  });
}

export async function timed(gateway: Gateway, node: number, prompt: string): Promise<Omit<Sample, 'at'>> {
  const began = performance.now();
  const isFailed = !(await asks(gateway, node, prompt));
  return { ms: performance.now() - began, isFailed };
}

export interface Pace {
  readonly perSecond: number;
  readonly seconds: number;
  /** The question of the request of this number. */
  readonly prompt: (index: number) => string;
  /** The fate of Redis, in ms from the begin. */
  readonly events: readonly (readonly [number, () => unknown])[];
}

export async function paced(
  gateway: Gateway,
  { perSecond, seconds, prompt, events }: Pace,
): Promise<readonly Sample[]> {
  const began = performance.now();
  const samples: Promise<Sample>[] = [];
  const left = [...events];
  for (let index = 0; index < perSecond * seconds; index++) {
    const due = (index * 1_000) / perSecond;
    await setTimeout(Math.max(0, due - (performance.now() - began)));
    while (left[0] && left[0][0] <= due) await left.shift()?.[1]();
    const at = performance.now() - began;
    samples.push(timed(gateway, index, prompt(index)).then((sample) => ({ at, ...sample })));
  }
  return Promise.all(samples);
}
