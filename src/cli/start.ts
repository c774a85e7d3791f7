/**
 * `refrain start`: runs a proxy until a signal stops it.
 */
import type { ExaminedConfig } from '../config/sources.ts';
import { openConsole } from '../console/open-console.ts';
import { RunTotals } from '../ledger/run-totals.ts';
import { stop } from '../lifecycle.ts';
import { openProxy, prepareSoon } from './opened-proxy.ts';
import type { Output } from './output.ts';

export type StartCommand = ExaminedConfig;

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
  const signal = takeSignal();
  output.print(`refrain ready api=${addresses.api} admin=${addresses.admin} upstream=${config.upstream}`);
  console.ready({ config, addresses, tiers: app.stores.tiers() });
  prepareSoon(opened);
  log.info({ signal: await signal }, 'stopping; a second signal stops at once');
  try {
    await stop(app, config.timeouts.drain);
  } catch (err) {
    log.error({ err }, 'could not stop in order');
    return 1;
  }
  console.stopped(run, app.ledger.counts());
  await console.close();
  return 0;
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
