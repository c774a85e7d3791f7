/**
 * The thread itself: makes its services, then does one call at a time. `thread` is the other end.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { failureOf } from './failure.ts';
import type { Callable, RunningService, ThreadCall, ThreadMessage } from './thread.ts';

if (parentPort === null) throw new Error('this file runs in a worker thread');
const port = parentPort;
const send = (message: ThreadMessage, memory: ArrayBuffer[] = []) => port.postMessage(message, memory);

const services: RunningService<Callable>[] = [];
for (const [service, { module, data }] of (workerData as { module: string; data: unknown }[]).entries()) {
  const { createService } = await import(module);
  services.push(createService(data, (news: unknown) => send({ service, news })));
}

// Calls wait in the port until somebody listens.
port.on('message', ({ service, id, call }: ThreadCall) => {
  const { answer, memoryOf } = services[service] as RunningService<Callable>;
  try {
    const answered = answer(call);
    send({ id, reply: { answer: answered } }, memoryOf?.(answered));
  } catch (error) {
    send({ id, reply: { failure: failureOf(error) } });
  }
});
