#!/usr/bin/env node
/**
 * The command: reads the configuration, starts, says where it is, and stops on
 * a signal. Exit codes: 0 stopped as asked, 1 could not start or run, 2 a
 * setting cannot be used; of `explain`: 0 one answer serves both, 1 it does
 * not, 2 a file cannot be used.
 */
import { createApp } from './app.ts';
import { explainFiles } from './cli/explain.ts';
import { readCommand } from './config/command.ts';
import type { Config } from './config/config.ts';
import { ConfigError, reasonOf } from './errors.ts';
import { type Addresses, start, stop } from './lifecycle.ts';
import { createLog } from './log.ts';

try {
  const command = readCommand();
  if (command.kind === 'start') await run(command.config);
  else if (command.kind === 'explain') process.exitCode = explainFiles(command);
  else console.log(command.text);
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(`refrain: ${error.message}`);
  process.exitCode = 2;
}

async function run(config: Config): Promise<void> {
  const log = createLog(config.logLevel);
  for (const { name, nearest } of config.unknownVariables) log.warn({ variable: name, nearest }, 'this variable is not a setting');
  const app = createApp(config, log);
  let addresses: Addresses;
  try {
    addresses = await start(app, config);
  } catch (error) {
    console.error(`refrain: cannot listen (${listenHint(error, config)})`);
    process.exit(1);
  }
  console.log(`refrain ready api=${addresses.api} admin=${addresses.admin} upstream=${config.upstream}`);
  let stopping = false;
  const leave = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'stopping; a second signal stops at once');
    stop(app, config.timeouts.drain).then(
      () => {
        log.info(app.ledger.counts(), 'stopped');
        process.exit(0);
      },
      (err: unknown) => {
        log.error({ err }, 'could not stop in order');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', leave);
  process.on('SIGINT', leave);
}

function listenHint(error: unknown, { port, admin }: Config): string {
  const { port: taken } = error as { port?: number };
  if (reasonOf(error) !== 'EADDRINUSE') return reasonOf(error);
  const variable = taken === admin.port && taken !== port ? 'REFRAIN_ADMIN_PORT' : 'REFRAIN_PORT';
  return `port ${taken} is in use; choose another with ${variable}, or 0 for any`;
}
