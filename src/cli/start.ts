/**
 * `refrain start`: runs a proxy until a signal stops it.
 */
import { flushCompileCache } from 'node:module';
import { availableParallelism } from 'node:os';
import { systemClock } from '../clock.ts';
import type { ExaminedConfig } from '../config/sources.ts';
import { placeOfSetting } from '../config/origin.ts';
import { createApp } from '../app.ts';
import { ConfigError, reasonOf } from '../errors.ts';
import { type Addresses, ListenError, start, stop } from '../lifecycle.ts';
import { createLog, type Log } from '../log.ts';
import type { WorkerGroup } from '../workforce.ts';
import { CommandError } from './failure.ts';
import type { Output } from './output.ts';

export type StartCommand = ExaminedConfig;

/**
 * @returns the exit code, once it has stopped. @throws CommandError where it cannot listen or start, ConfigError where
 * a file is not to be used
 */
export async function startProxy(command: StartCommand, output: Output): Promise<number> {
  const { config, origins } = command;
  const log = createLog(config.logLevel);
  for (const { name, nearest } of config.unknownVariables)
    log.warn({ variable: name, nearest }, 'this variable is not a setting');
  for (const name of config.formerNames) log.warn(name, 'this setting has another name now; it is still read');
  const app = createApp(config, log, systemClock, origins, await workersFor(command, log));
  let addresses: Addresses;
  try {
    addresses = await start(app, config);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (!(error instanceof ListenError)) throw new CommandError(`cannot start (${reasonOf(error)})`);
    throw new CommandError(`cannot listen (${listenHint(error, command)})`);
  }
  // Before anybody knows that it runs, and sends one.
  const signal = takeSignal();
  output.print(`refrain ready api=${addresses.api} admin=${addresses.admin} upstream=${config.upstream}`);
  log.info({ page: `${addresses.admin}/` }, 'the page for people is there; refrain open shows it');
  // Now, for a process that is killed would keep nothing of what it has compiled.
  setImmediate(
    () =>
      void app
        .prepare()
        .catch((err) => log.error({ err }, 'could not load all that requests need'))
        .then(flushCompileCache),
  );
  log.info({ signal: await signal }, 'stopping; a second signal stops at once');
  try {
    await stop(app, config.timeouts.drain);
  } catch (err) {
    log.error({ err }, 'could not stop in order');
    return 1;
  }
  log.info(app.ledger.counts(), 'stopped');
  return 0;
}

/** Null where this process answers all requests itself. */
async function workersFor({ config, origins }: StartCommand, log: Log): Promise<WorkerGroup | null> {
  const count = config.workers === 'auto' ? availableParallelism() : config.workers;
  if (count === 1) return null;
  const { Parent } = await import('../workers/parent.ts');
  return new Parent({ count, config, origins, log, clock: systemClock });
}

/** From a supervisor, a keyboard, and a terminal that closes. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** The first signal to stop; the second ends the process. */
function takeSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let taken = false;
    const take = (signal: NodeJS.Signals) => {
      if (taken) process.exit(1);
      taken = true;
      resolve(signal);
    };
    for (const signal of SIGNALS) process.on(signal, take);
  });
}

/** Names what is to be changed as it was written. */
function listenHint(error: ListenError, { config, origins }: StartCommand): string {
  const [{ port, host }, portPath, hostPath] =
    error.listener === 'api'
      ? ([config, 'port', 'host'] as const)
      : ([config.admin, 'admin.port', 'admin.host'] as const);
  const portPlace = placeOfSetting(origins, portPath);
  const reason = reasonOf(error.cause);
  switch (reason) {
    case 'EADDRINUSE':
      return `port ${port} is in use; choose another with ${portPlace}, or 0 for any`;
    case 'EACCES':
      return `this user may not listen on port ${port}; choose one from 1024 on with ${portPlace}`;
    default: {
      const hostPlace = placeOfSetting(origins, hostPath);
      return `${host} cannot be listened on: ${reason}; choose an address of this machine with ${hostPlace}`;
    }
  }
}
