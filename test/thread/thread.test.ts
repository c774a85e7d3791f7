import type { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import type { Failure } from '../../src/thread/failure.ts';
import { Thread, type ThreadOptions } from '../../src/thread/thread.ts';
import { until } from '../harness/until.ts';
import type { CountingService } from './counting-service.ts';

/** A thread with two services, what these said unasked, and the workers that were started. */
function open(options: ThreadOptions = {}) {
  const thread = new Thread(options);
  const news: string[] = [];
  const deaths: Failure[] = [];
  const workers: Worker[] = [];
  const note = (worker: Worker) => workers.push(worker);
  process.on('worker', note);
  const [one, other] = ['one', 'other'].map((name) =>
    thread.serve<CountingService, string>({
      module: new URL('./counting-service.ts', import.meta.url),
      data: { name },
      onNews: (each) => news.push(each),
      onDeath: (failure) => deaths.push(failure),
    }),
  ) as [ReturnType<typeof thread.serve<CountingService>>, ReturnType<typeof thread.serve<CountingService>>];
  onTestFinished(async () => {
    process.off('worker', note);
    await Promise.all([one.end(), other.end()]);
  });
  return { one, other, news, deaths, workers };
}

test('services of one thread keep their own state, and are answered in the order asked', async () => {
  const { one, other, workers } = open();
  expect([one.isRunning, workers.length]).toEqual([false, 0]);
  const answered: unknown[] = [];
  const asked = [one, other, one].map((service) => service.ask('count', []).then((reply) => answered.push(reply)));
  await Promise.all(asked);
  expect(answered).toEqual([{ answer: 'one 1' }, { answer: 'other 1' }, { answer: 'one 2' }]);
  expect([other.isRunning, workers.length]).toEqual([true, 1]);
});

test('a call that fails is a reply, and so is one that cannot cross', async () => {
  const { one } = open();
  expect(await one.ask('fail', ['ENOSPC'])).toEqual({ failure: { code: 'ENOSPC', message: 'as asked' } });
  expect(await one.ask('fail', [(() => {}) as never])).toMatchObject({ failure: { code: 'DataCloneError' } });
  expect(await one.ask('count', [])).toEqual({ answer: 'one 1' });
});

test('memory is handed over, both ways', async () => {
  const { one } = open();
  const bytes = new Uint8Array(1_000);
  expect(await one.ask('lengthOf', [bytes], [bytes.buffer])).toEqual({ answer: 1_000 });
  expect(bytes.length).toBe(0);
  expect(await one.ask('bytes', [5])).toEqual({ answer: new Uint8Array(5) });
});

test('news comes to the service that it is of, before the reply that follows it', async () => {
  const { one, other, news } = open();
  await Promise.all([one.ask('tell', ['a']), other.ask('tell', ['b'])]);
  expect(news).toEqual(['one: a', 'other: b']);
});

test('a thread that dies fails what is due, of all its services, and is begun again when asked', async () => {
  const { one, other, deaths, workers } = open();
  await one.ask('count', []);
  const replies = await Promise.all([one.ask('die', []), other.ask('count', [])]);
  const failure = { code: 'THREAD_ENDED', message: 'exit code 3' };
  expect(replies).toEqual([{ failure }, { failure }]);
  expect(deaths).toEqual([failure, failure]);
  expect(await one.ask('count', [])).toEqual({ answer: 'one 1' });
  expect(workers).toHaveLength(2);
});

test('a thread that has nothing to do ends, which is no death, and is begun again when asked', async () => {
  const { one, deaths, workers } = open({ idleMs: 1 });
  await one.ask('count', []);
  await until(() => workers[0]?.threadId === -1);
  expect(one.isRunning).toBe(false);
  expect(await one.ask('count', [])).toEqual({ answer: 'one 1' });
  expect([deaths, workers.length]).toEqual([[], 2]);
});

test('a service that has ended fails, while the thread goes on for the other', async () => {
  const { one, other, workers } = open();
  await one.ask('count', []);
  await one.end();
  expect(await one.ask('count', [])).toMatchObject({ failure: { message: 'the thread has ended' } });
  expect(await other.ask('count', [])).toEqual({ answer: 'other 1' });
  await other.end();
  expect(workers.map(({ threadId }) => threadId)).toEqual([-1]);
});
