/**
 * `refrain warm`: asks each request of a file, so that its answers are kept, and proves that they are.
 */
import { systemClock } from '../clock.ts';
import type { WarmCommand } from '../config/warm-command.ts';
import { inertLine } from '../console/escape.ts';
import { reasonOf } from '../errors.ts';
import { readPrices } from '../ledger/prices.ts';
import { isObject, parse } from '../response/json.ts';
import { type ProxyAnswer, BatchClient, type Unanswered } from '../warm/batch-client.ts';
import { BatchFile } from '../warm/batch-file.ts';
import { type BatchRequest, MalformedLine } from '../warm/batch-request.ts';
import { type Proof, proveHit } from '../warm/proof.ts';
import { ResultFile } from '../warm/result-file.ts';
import { Warming, type WarmingOptions, type WarmingSums } from '../warm/warming.ts';
import { CommandError } from './failure.ts';
import type { Output } from './output.ts';
import { costOf, countOf, showProgress } from './warm-progress.ts';
import { scopeWords } from './warm-scope.ts';
import { findTarget, type WarmTarget } from './warm-target.ts';

/** How many failures are named, each in a line. */
const NAMED = 20;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * @returns the exit code
 * @throws ConfigError where a file cannot be used, before anything is asked; CommandError where nobody can be asked
 */
export async function warmCache(command: WarmCommand, output: Output): Promise<number> {
  const batch = new BatchFile(command.file, command.config.maxRequestBytes);
  const total = await batch.check();
  const results = command.output === null ? null : await ResultFile.open(command.output);
  const target = await findTarget(command);
  try {
    output.note(`refrain: ${countOf(total, 'request')} of ${command.file}, asked of ${target.words}`);
    output.note(`refrain: ${scopeWords(command, target)}`);
    return await warmTarget(command, { batch, total, results }, target, output);
  } catch (error) {
    if (error instanceof MalformedLine) throw new CommandError(`${command.file} was changed meanwhile`);
    if (error instanceof Error && 'errno' in error) throw new CommandError(`broke off (${reasonOf(error)})`);
    throw error;
  } finally {
    results?.close();
    await target.close();
  }
}

type Files = Pick<WarmingOptions, 'batch' | 'total' | 'results'>;

async function warmTarget(command: WarmCommand, files: Files, target: WarmTarget, output: Output): Promise<number> {
  const { concurrency, headers } = command;
  const stopper = new AbortController();
  const stopping = stopper.signal;
  const client = new BatchClient({ base: target.base, headers, clock: systemClock, stopping });
  let failures = 0;
  const onFailure = (request: BatchRequest, answer: ProxyAnswer | Unanswered) => {
    failures++;
    if (failures <= NAMED) progress.note(`refrain: ${failureLine(request, answer)}`);
    if (failures === NAMED) progress.note('refrain: further failures are only counted');
  };
  const warming = new Warming({ ...files, client, concurrency, prices: readPrices(), stopping, onFailure });
  const progress = await showProgress(warming.sums, output);
  const forget = onSignal(() => {
    stopper.abort();
    progress.note('refrain: stopping once what is on the way is answered; a second signal stops at once');
  });
  try {
    await warming.run();
    progress.end();
    const proof = warming.sample && !stopping.aborted ? await proveHit(client, warming.sample, systemClock) : null;
    return report(warming.sums, proof, output);
  } finally {
    stopper.abort();
    progress.end();
    forget();
    await client.close();
  }
}

/** @returns the exit code */
function report(sums: WarmingSums, proof: Proof | null, output: Output): number {
  const { total, done, hits, misses, bypasses, failures, spent, saved } = sums;
  const counts = [countOf(hits, 'hit'), countOf(misses, 'miss', 'misses'), countOf(failures, 'failure')];
  if (bypasses > 0)
    counts.splice(2, 0, `${countOf(bypasses, 'answer')} that ${bypasses === 1 ? 'is' : 'are'} never kept`);
  output.print(`${done === total ? 'asked' : `stopped after`} ${countOf(done, 'request')}: ${counts.join(', ')}`);
  output.print(`spent ${costOf(spent)}; saved ${costOf(saved)}`);
  if (proof?.key) output.print(`proved: one of them, asked again, is a hit (${proof.key})`);
  else if (proof) output.note(`refrain: one of them, asked again, is no hit: ${inertLine(proof.why)}`);
  return done === total && failures === 0 && proof?.key ? 0 : 1;
}

function failureLine({ line, customId }: BatchRequest, answer: ProxyAnswer | Unanswered): string {
  const why = 'error' in answer ? answer.error : `status ${answer.status}${messageOf(answer)}`;
  return inertLine(`line ${line} (${customId}): ${why}`);
}

/** As error envelopes have it; nothing where there is none. */
function messageOf({ body }: ProxyAnswer): string {
  const answer = parse(body.toString());
  const error = isObject(answer) ? answer.error : undefined;
  return isObject(error) && typeof error.message === 'string' ? `: ${error.message}` : '';
}

/** The first signal is taken, the second ends the process. @returns what takes that back */
function onSignal(act: () => void): () => void {
  let isTaken = false;
  const take = () => {
    if (isTaken) process.exit(1);
    isTaken = true;
    act();
  };
  for (const signal of SIGNALS) process.on(signal, take);
  return () => {
    for (const signal of SIGNALS) process.off(signal, take);
  };
}
