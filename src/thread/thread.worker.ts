/**
 * The thread itself: makes its services, then does one call at a time. `thread` is the other end.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { failureOf } from './failure.ts';
import type { Methods, ThreadCall, ThreadMessage } from './thread.ts';

interface ServiceModule {
  readonly createService: (data: unknown, onNews: (news: unknown) => void) => Methods;
  /** The memory of an answer, to be handed over with it. */
  readonly memoryOf?: (answer: unknown) => ArrayBuffer[];
}

if (parentPort === null) throw new Error('this file runs in a worker thread');
const port = parentPort;
const send = (message: ThreadMessage, memory: ArrayBuffer[] = []) => port.postMessage(message, memory);

const services: { readonly methods: Methods; readonly memoryOf: ServiceModule['memoryOf'] }[] = [];
for (const [service, { module, data }] of (workerData as { module: string; data: unknown }[]).entries()) {
  const { createService, memoryOf }: ServiceModule = await import(module);
  services.push({ methods: createService(data, (news) => send({ service, news })), memoryOf });
}

// Calls wait in the port until somebody listens.
port.on('message', ({ service, id, method, parameters }: ThreadCall) => {
  try {
    const { methods, memoryOf } = services[service] as (typeof services)[number];
    const answer = methods[method]?.(...parameters);
    send({ id, reply: { answer } }, memoryOf?.(answer));
  } catch (error) {
    send({ id, reply: { failure: failureOf(error) } });
  }
});
