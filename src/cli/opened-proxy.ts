/**
 * The proxy of a command that answers requests: opened as the settings say, or refused in words that name what is to
 * be changed.
 */
import { flushCompileCache } from 'node:module';
import { availableParallelism } from 'node:os';
import { type App, createApp } from '../app.ts';
import { systemClock } from '../clock.ts';
import type { AccessLog } from '../console/access-log.ts';
import { placeOfSetting } from '../config/origin.ts';
import type { StartCommand } from '../config/command.ts';
import type { ExaminedConfig } from '../config/sources.ts';
import { ConfigError, reasonOf } from '../errors.ts';
import { type Addresses, ListenError, start } from '../lifecycle.ts';
import type { Log } from '../log.ts';
import type { WorkerGroup } from '../workforce.ts';
import { CommandError } from './failure.ts';

export interface OpenedProxy {
  readonly app: App;
  readonly log: Log;
  readonly addresses: Addresses;
  /** Resolves where a file that is read on while requests are answered turns out not to be used at all. */
  readonly unusable: Promise<ConfigError>;
}

/** Its log, and what is given each request; null where no line is written about one. */
export interface ProxyLogs {
  readonly log: Log;
  readonly access: AccessLog | null;
}

/**
 * Resolves once both listeners accept. @throws CommandError where it cannot listen or start, ConfigError where a file
 * is not to be used
 */
export async function openProxy(
  command: ExaminedConfig & Partial<Pick<StartCommand, 'reread'>>,
  { log, access }: ProxyLogs,
): Promise<OpenedProxy> {
  const { config, origins } = command;
  for (const { name, nearest } of config.unknownVariables)
    log.warn({ variable: name, nearest }, 'this variable is not a setting');
  for (const name of config.formerNames) log.warn(name, 'this setting has another name now; it is still read');
  const reread = command.reread && { settings: command.reread };
  const app = createApp(config, log, systemClock, origins, await workersFor(command, log), access, reread);
  try {
    return { app, log, addresses: await start(app, config), unusable: whenUnusable(app) };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (!(error instanceof ListenError)) throw new CommandError(`cannot start (${reasonOf(error)})`);
    throw new CommandError(`cannot listen (${listenHint(error, command)})`);
  }
}

function whenUnusable({ stores }: App): Promise<ConfigError> {
  return new Promise((resolve) => {
    void stores.cassette?.loaded.then((failure) => failure && resolve(new ConfigError(failure.message)));
  });
}

/** Loads what requests need, behind all that is to be done at once. */
export function prepareSoon({ app, log }: OpenedProxy): void {
  // Now, for a process that is killed would keep nothing of what it has compiled.
  setImmediate(
    () =>
      void app
        .prepare()
        .catch((err) => log.error({ err }, 'could not load all that requests need'))
        .then(flushCompileCache),
  );
}

/** Null where this process answers all requests itself. */
async function workersFor({ config, origins }: ExaminedConfig, log: Log): Promise<WorkerGroup | null> {
  const count = config.workers === 'auto' ? availableParallelism() : config.workers;
  if (count === 1) return null;
  const { Parent } = await import('../workers/parent.ts');
  return new Parent({ count, config, origins, log, clock: systemClock });
}

/** Names what is to be changed as it was written. */
function listenHint(error: ListenError, { config, origins }: ExaminedConfig): string {
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
