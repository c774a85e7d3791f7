/**
 * Loaded into a child before its main file: at SIGUSR2 it collects garbage and
 * says how much memory the process holds.
 */
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  let count = 0;
  process.on('SIGUSR2', () => {
    for (let times = 0; times < 3; times += 1) globalThis.gc?.();
    count += 1;
    process.stdout.write(`memory ${count} ${process.memoryUsage.rss()}\n`);
  });
}
