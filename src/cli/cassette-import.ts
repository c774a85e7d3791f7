/**
 * `refrain cassette import`: takes recordings of others, and answers of our stores, into a cassette. They are redacted
 * and searched for secrets as live ones are; what cannot be carried over is listed with its reason.
 */
import { readFileSync } from 'node:fs';
import { readCassette, rewriteCassette } from '../cassette/cassette-file.ts';
import { type CassetteHeader, headerName, joinHeaders, redactionRules } from '../cassette/cassette-header.ts';
import { documentOf } from '../cassette/cassette-text.ts';
import { ExchangeKeyer } from '../cassette/exchange-key.ts';
import { FormatError, type SkippedPart } from '../cassette/formats/foreign-exchange.ts';
import { formatOf, readForeign } from '../cassette/formats/foreign-file.ts';
import { readExchangeLines } from '../cassette/formats/json-lines.ts';
import type { RecordedExchange } from '../cassette/recorded-exchange.ts';
import { createRedaction } from '../cassette/redaction.ts';
import type { CassetteCommand } from '../config/cassette-command.ts';
import { inertJson, inertLine } from '../console/escape.ts';
import { formatCount } from '../console/format.ts';
import { givenSecret } from '../secret.ts';
import { exchangeKeyOptions } from '../stores.ts';
import { CassetteIntake } from './cassette-intake.ts';
import { readStoreExchanges } from './cassette-from-store.ts';
import { type Importing, recordedOf } from './imported-exchange.ts';
import type { Output } from './output.ts';

type ImportCommand = CassetteCommand & { readonly action: 'import' };

interface SkippedOfFile extends SkippedPart {
  readonly file: string;
}

/** Exchanges to be taken in, each with its place in the file that it is from. */
type Incoming = readonly {
  readonly place: string;
  readonly exchange: RecordedExchange;
  readonly isNumbered: boolean;
}[];

/** @returns the exit code: 1 where something was left out */
export async function importIntoCassette(command: ImportCommand, output: Output): Promise<number> {
  const { file, config, dryRun } = command;
  const before = readCassette(file);
  const rules = redactionRules(config.redact, config.redactPattern);
  const header = joinHeaders(before.header, { upstreams: {}, redact: rules });
  const keyer = new ExchangeKeyer(exchangeKeyOptions(config));
  const importing: Importing = { config, keyer, dialects: new Map(Object.entries(header.upstreams)) };
  const intake = new CassetteIntake(before, keyer, await createRedaction(header.redact));
  const leftOut = await takeIn(command, importing, intake);
  const { added } = intake;
  if (!dryRun && added.length > 0) merge(file, { ...header, upstreams: Object.fromEntries(importing.dialects) }, added);
  report(command, intake, leftOut, output);
  return leftOut.length > 0 ? 1 : 0;
}

async function takeIn(
  command: ImportCommand,
  importing: Importing,
  intake: CassetteIntake,
): Promise<readonly SkippedOfFile[]> {
  const all: SkippedOfFile[] = [];
  for (const file of command.from) {
    const { incoming, leftOut } = await readFile(file, command, importing);
    all.push(...leftOut.map((each) => ({ file, ...each })));
    for (const { place, exchange, isNumbered } of incoming) {
      const why = intake.add(exchange, isNumbered);
      if (why !== null) all.push({ file, place, why });
    }
  }
  return all;
}

function report(
  { json, dryRun }: ImportCommand,
  { added, known }: CassetteIntake,
  leftOut: readonly SkippedOfFile[],
  { note, print }: Output,
): void {
  if (json) {
    print(inertJson({ imported: added.length, known, leftOut, dryRun }));
    return;
  }
  for (const { file, place, why } of leftOut) note(`left out: ${inertLine(`${file}, ${place}: ${why}`)}`);
  const [taken, there, out] = [added.length, known, leftOut.length].map(formatCount);
  print(`${dryRun ? 'would import' : 'imported'} ${taken}, known before ${there}, left out ${out}`);
}

async function readFile(
  path: string,
  { format: said, model, scope }: ImportCommand,
  importing: Importing,
): Promise<{ readonly incoming: Incoming; readonly leftOut: readonly SkippedPart[] }> {
  const bytes = readFileSync(path);
  try {
    const format = said ?? formatOf(bytes);
    if (format === 'jsonl') {
      const { exchanges, leftOut } = readExchangeLines(bytes.toString());
      for (const { exchange } of exchanges) knowDialect(importing, exchange);
      return { incoming: exchanges.map((each) => ({ ...each, isNumbered: true })), leftOut };
    }
    const file =
      format === 'sqlite'
        ? await readStoreExchanges(path, scope, givenSecret(importing.config), importing)
        : await readForeign(bytes.toString(), format, model);
    const incoming = file.exchanges.map(({ place, exchange }) => ({
      place,
      exchange: recordedOf(exchange, importing),
      isNumbered: exchange.sample !== undefined,
    }));
    return { incoming, leftOut: file.leftOut };
  } catch (error) {
    if (error instanceof FormatError) throw new FormatError(`${path}: ${error.message}`);
    throw error;
  }
}

function knowDialect({ dialects }: Importing, { request: { upstream, dialect } }: RecordedExchange): void {
  const name = headerName(upstream);
  if (!dialects.has(name)) dialects.set(name, dialect);
}

/** One that records at the same time loses nothing. */
function merge(file: string, header: CassetteHeader, added: readonly RecordedExchange[]): void {
  rewriteCassette(file, (content) => {
    const joined = joinHeaders(content.header, header);
    return { header: joined, documents: [...content.documents, ...added.map((each) => documentOf(each, joined))] };
  });
}
