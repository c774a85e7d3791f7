/**
 * One of several processes that answer requests: a core with the API before it,
 * whose files, usage ledger and hub are the parent's.
 */
import { createApiHandler } from '../api.ts';
import { systemClock } from '../clock.ts';
import { packageVersion } from '../config/version.ts';
import { type Core, createCore, type RemoteParts } from '../core.ts';
import type { WorkerGroupState } from '../workforce.ts';
import { createApiListener, renewCertificates } from '../http/listeners.ts';
import { EventLoopDelay } from '../ledger/event-loop-delay.ts';
import { readPrices } from '../ledger/prices.ts';
import { UsageFile } from '../ledger/usage-file.ts';
import { renewCore } from '../reloading.ts';
import { openConsole } from '../console/open-console.ts';
import type { Log } from '../log.ts';
import { createOwnPaths } from '../http/own-paths.ts';
import type { Channel } from './channel.ts';
import { HandedConnections } from './handed-connections.ts';
import type { NodeHub } from './node-hub.ts';
import type { ParentServices, Welcome, WorkerServices } from './parent-services.ts';
import { RelayedLedger } from './relayed-ledger.ts';
import { RemoteStore } from './remote-store.ts';

export interface Worker {
  readonly connections: HandedConnections;
  readonly store: WorkerServices['store'];
  readonly life: Omit<WorkerServices['life'], 'start'>;
  /** Resolves once all answers have ended, and nothing is left to be written. */
  drain(): Promise<void>;
  readonly log: Log;
}

/** @param onDrained called once it has drained, and nothing is left to be written */
export async function startWorker(
  welcome: Welcome,
  channel: Channel<ParentServices>,
  hub: NodeHub,
  onDrained: () => void,
): Promise<Worker> {
  const { config, origins, number, secret, pseudonym, callers, certificates, adminUrl } = welcome;
  const clock = systemClock;
  const console = await openConsole(config, number);
  const { log, access } = console;
  const ledger = createLedger(log, channel);
  const remote: RemoteParts = {
    file: new RemoteStore(welcome.storeName, channel, config.redis === null),
    ledger,
    // News of them reach the parent by the log.
    callersFile: { read: () => new Map(callers), changed: () => {}, close: async () => {} },
    upstreams: {
      answered: (place) => channel.tell('upstreams', 'answered', place),
      failed: (place, reason) => channel.tell('upstreams', 'failed', place, reason),
    },
    secret,
    pseudonym,
    isFirstHint: async (id) => (await channel.ask('hints', 'isFirst', id)) ?? true,
  };
  const shared = { hub: config.redis === null ? hub : undefined, remote };
  const core = createCore(config, log, clock, origins, undefined, shared, access);
  let isStopping = false;
  let opened = await core.open(() => isStopping);
  const server = createApiListener(certificates);
  const ownPaths = createOwnPaths({
    readiness: () => (isStopping ? 'stopping' : 'ready'),
    outOfReach: () => (core.files()['redis'] === false ? ['redis'] : []),
    version: packageVersion(),
    adminUrl: () => adminUrl,
  });
  const handle = createApiHandler(config, core, () => opened.proxy, ownPaths);
  for (const event of ['request', 'checkExpectation']) server.on(event, handle);
  const connections = new HandedConnections(server, () => channel.tellLater('pool', 'left', 1));
  await core.prepare();
  return {
    connections,
    log,
    store: { gone: (gone) => core.stores.goneFromFile(gone) },
    async drain() {
      isStopping = true;
      await connections.drain();
      // Others may play an answer of this one to their clients; the pool's deadline ends that.
      await core.fleet()?.unfollowed();
      await core.abort();
      await core.close();
      await console.close();
      onDrained();
    },
    life: {
      async reload(renewed) {
        opened = renewCore(core, opened, renewed);
        if (renewed.certificates) renewCertificates(server, renewed.certificates);
        return true;
      },
      abort: () => void core.abort(),
      cut: () => connections.cut(),
      has: (keys) => keys.map((key) => core.stores.memory.has(key)),
      report: createReporter(core, ledger),
    },
  };
}

function createLedger(log: Log, channel: Channel<ParentServices>): RelayedLedger {
  const usageFile = new UsageFile({ path: null, clock: systemClock, log });
  return new RelayedLedger({ usageFile, prices: readPrices(), log }, systemClock, (batch) =>
    channel.tellLater('ledger', 'note', batch),
  );
}

/** A report comes after the records of all that it is about. */
function createReporter(
  { admission, stores, hints, fleet, upstream }: Core,
  ledger: RelayedLedger,
): () => WorkerGroupState {
  const delay = new EventLoopDelay();
  return () => {
    ledger.flush();
    return {
      flights: admission.flights,
      listeners: admission.listeners,
      bytes: admission.bytes,
      memory: stores.memory.held,
      lru: stores.lru(),
      hints: hints.list(),
      fleet: fleet()?.reading() ?? null,
      upstreams: upstream.readings?.() ?? [],
      delays: delay.take(),
    };
  };
}
