/**
 * The program of a worker. It does what its parent says, over a channel that it
 * is born with, and ends with it: signals are the parent's to take.
 */
import { flushCompileCache } from 'node:module';
import { Socket } from 'node:net';
import { Channel } from './channel.ts';
import { NodeHub } from './node-hub.ts';
import type { ParentServices, WorkerServices } from './parent-services.ts';
import { startWorker, type Worker } from './worker.ts';

/** Behind the three standard ones and that over which connections come. */
const CHANNEL = 4;

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});

let hub: NodeHub | undefined;
let starting: Promise<Worker> | undefined;
let worker: Worker | undefined;
let isDrained = false;

const services: WorkerServices = {
  hub: {
    deliver: (message) => void hub?.deliver(message),
    news: (log) => hub?.news(log),
    left: (node) => hub?.left(node),
  },
  store: { gone: (gone) => worker?.store.gone(gone) },
  life: {
    async start(welcome) {
      hub = new NodeHub(welcome.node, (method, ...parameters) => channel.ask('hub', method, ...parameters));
      starting = startWorker(welcome, channel, hub, end);
      worker = await starting;
      channel.tell('pool', 'ready');
      // Now, for a process that is killed would keep nothing of what it has compiled.
      setImmediate(flushCompileCache);
    },
    reload: async (renewed) => (await starting)?.life.reload(renewed) ?? false,
    abort: () => worker?.life.abort(),
    cut: () => worker?.life.cut(),
    report: () => worker!.life.report(),
    has: (keys) => worker!.life.has(keys),
  },
};

const channel = new Channel<ParentServices>({
  socket: new Socket({ fd: CHANNEL, readable: true, writable: true }),
  services,
  onFault(method, error) {
    // A worker that cannot even start is better replaced.
    if (!worker) throw error;
    worker.log.error({ err: error, method }, 'a call of the parent failed');
  },
  onClose: () => process.exit(isDrained ? 0 : 1),
});

// In the order sent: no connection comes after the order to drain.
process.on('message', (kind, socket) => {
  if (kind === 'connection') worker?.connections.take(socket as Socket | undefined);
  else if (worker) void worker.drain();
  else end();
});

/** All is said and written. */
function end(): void {
  isDrained = true;
  channel.close();
}
