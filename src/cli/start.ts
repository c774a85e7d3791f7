/**
 * `refrain start`: runs a proxy until a signal stops it.
 */
import { isatty } from 'node:tty';
import type { App } from '../app.ts';
import type { StartCommand } from '../config/command.ts';
import { openConsole } from '../console/open-console.ts';
import { RunTotals } from '../ledger/run-totals.ts';
import { stop } from '../lifecycle.ts';
import { ConfigError } from '../errors.ts';
import type { Log } from '../log.ts';
import { openProxy, prepareSoon } from './opened-proxy.ts';
import type { Output } from './output.ts';

/**
 * @returns the exit code, once it has stopped. @throws CommandError where it cannot listen or start, ConfigError where
 * a file is not to be used
 */
export async function startProxy(command: StartCommand, output: Output): Promise<number> {
  const { config } = command;
  const console = await openConsole(config);
  const opened = await openProxy(command, console);
  const { app, log, addresses } = opened;
  const run = RunTotals.of(app.ledger);
  // Before anybody knows that it runs, and sends one.
  const signal = takeSignal(() => reload(app, log));
  output.print(`refrain ready api=${addresses.api} admin=${addresses.admin} upstream=${config.upstream}`);
  console.ready({ config, addresses, tiers: app.stores.tiers() });
  prepareSoon(opened);
  const end = await Promise.race([signal, opened.unusable]);
  if (end instanceof ConfigError) {
    await stop(app, 0);
    throw end;
  }
  log.info({ signal: end }, 'stopping; a second signal stops at once');
  try {
    await stop(app, config.timeouts.drain);
  } catch (err) {
    log.error({ err }, 'could not stop in order');
    return 1;
  }
  await console.stopped(run, app.ledger.counts());
  return 0;
}

/** From a supervisor, a keyboard, and a terminal that closes. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

const STANDARD_INPUT = 0;

/**
 * The first signal to stop; the second ends the process.
 * @param onReload called for each `SIGHUP` where there is no terminal that could have closed
 */
function takeSignal(onReload: () => void): Promise<NodeJS.Signals> {
  const isAtTerminal = isatty(STANDARD_INPUT);
  return new Promise((resolve) => {
    let taken = false;
    const take = (signal: NodeJS.Signals) => {
      if (signal === 'SIGHUP' && !isAtTerminal) return taken ? undefined : onReload();
      if (taken) process.exit(1);
      taken = true;
      resolve(signal);
    };
    for (const signal of SIGNALS) process.on(signal, take);
  });
}

/** Never rejects: whoever sent the signal reads of it in the log. */
async function reload(app: App, log: Log): Promise<void> {
  try {
    const reloaded = await app.reload();
    log.info(reloaded, 'the settings were reloaded');
  } catch (error) {
    if (error instanceof ConfigError)
      log.error({ reason: error.message }, 'nothing was reloaded, and all is as it was');
    else log.error({ err: error }, 'a reload failed');
  }
}
