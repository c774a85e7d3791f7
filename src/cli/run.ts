/**
 * `refrain run`: runs a command behind a proxy of its own, and says at its end what was replayed. Standard output is
 * the command's alone.
 */
import type { RunCommand } from '../config/run-command.ts';
import { inertLine } from '../console/escape.ts';
import { openConsole } from '../console/open-console.ts';
import { RunTotals } from '../ledger/run-totals.ts';
import { stop } from '../lifecycle.ts';
import { loadSpawn, runChild } from '../run/child.ts';
import { OWN_FAILURE } from './failure.ts';
import { type OpenedProxy, openProxy, prepareSoon } from './opened-proxy.ts';
import type { Output } from './output.ts';

/** The exit code of a command that ended well although something was unrecorded. */
const UNRECORDED = 3;

/** With the command its requests have ended: nothing is waited for. */
const DRAIN_SECONDS = 0;

/**
 * @returns the exit code: the command's own, where that says that it failed. @throws as `openProxy` does, and where the
 * cassette turns out later not to be used
 */
export async function runCommand(run: RunCommand, output: Output): Promise<number> {
  const spawning = loadSpawn();
  const opened = await openProxy(run, { log: (await openConsole(run.config)).log, access: null });
  const { ledger, unrecorded } = opened.app;
  const totals = RunTotals.of(ledger);
  const spawn = await spawning;
  if (run.notice !== null) output.note(`refrain: ${run.notice}`);
  const ended = runChild(spawn, run.words, run.environmentAt(opened.addresses.api), opened.unusable);
  // The command takes its time to start.
  prepareSoon(opened);
  const { code, failure } = await ended;
  const unusable = await Promise.race([opened.unusable, null]);
  const isStopped = await isStoppedInOrder(opened);
  if (unusable !== null) throw unusable;
  if (failure !== null) {
    output.note(`refrain: ${inertLine(failure)}`);
    return code;
  }
  const { summaryLine, unrecordedLines } = await import('../run/summary.ts');
  output.note(`refrain: ${summaryLine(totals, unrecorded.count)}`);
  unrecordedLines(unrecorded.requests, unrecorded.count).forEach(output.note);
  if (code !== 0) return code;
  if (!isStopped) return OWN_FAILURE;
  return run.isStrict && unrecorded.count > 0 ? UNRECORDED : 0;
}

async function isStoppedInOrder({ app, log }: OpenedProxy): Promise<boolean> {
  try {
    await stop(app, DRAIN_SECONDS);
    return true;
  } catch (err) {
    log.error({ err }, 'could not stop in order');
    return false;
  }
}
