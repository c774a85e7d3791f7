/**
 * `refrain explain A.json B`: says why two requests share an answer, or not. Of two files no proxy is asked: keys are a
 * function of the requests, the configuration, and the cassette that it names. The request of a kept answer is read
 * where that is kept.
 */
import { existsSync, readFileSync } from 'node:fs';
import { CassetteError } from '../cassette/cassette-error.ts';
import { readCassette } from '../cassette/cassette-file.ts';
import { joinHeaders, redactionRules } from '../cassette/cassette-header.ts';
import type { Config } from '../config/config.ts';
import type { ExplainCommand } from '../config/command.ts';
import { digits } from '../config/value-types.ts';
import { inertJson, inertText } from '../console/escape.ts';
import { ConfigError, reasonOf, RefrainError } from '../errors.ts';
import { explain, type Explanation, nameWritten, type Side } from '../request/explain.ts';
import { readDocument, readWrittenRequest } from '../request/written-request.ts';
import { nameExchanges } from '../replay.ts';
import { createRules, type ExchangeRules } from '../rules.ts';
import { peekSecret } from '../secret.ts';
import { readData } from './connect.ts';
import { CommandError } from './failure.ts';
import type { Output } from './output.ts';

/** @returns the exit code. @throws ConfigError where a file cannot be used */
export async function explainRequests(command: ExplainCommand, output: Output): Promise<number> {
  const { operands, json } = command;
  const key = keyIn(operands[1]);
  const explanation = key === null ? await explainFiles(command) : await explainKept(command, key, output);
  output.print(json ? inertJson(explanation) : inertText(textOf(explanation, operands)));
  return explanation.same ? 0 : 1;
}

/** The key that a word is; null where it names a file. */
function keyIn(word: string): string | null {
  return existsSync(word) ? null : (digits.schema.safeParse(word).data ?? null);
}

async function explainFiles({ target: { config }, operands }: ExplainCommand): Promise<Explanation> {
  const rules = createRules(config, peekSecret(config), [], await exchangesOf(config));
  const [a, b] = operands.map((file) => attempt(() => nameWritten(rules, readRequest(file))));
  return explain(rules, a as KeyedDocument, b as KeyedDocument);
}

/** Null where no cassette is set; one that is yet to be recorded names as its settings say. */
async function exchangesOf(config: Config): Promise<ExchangeRules | null> {
  const { cassette, redact, redactPattern } = config;
  if (cassette === null) return null;
  const given = { upstreams: {}, redact: redactionRules(redact, redactPattern) };
  const { header } = attempt(() => readCassette(cassette));
  const { exchanges } = await nameExchanges(config, joinHeaders(header, given));
  return exchanges;
}

/** The bytes of the file stay as they are: how a number is written may be what differs. */
async function explainKept({ target, operands: [file] }: ExplainCommand, key: string, output: Output) {
  attempt(() => readRequest(file));
  const body = `{"a":${readText(file)},"key":${JSON.stringify(key)}}`;
  try {
    return await readData(target, output, (data) => data.explain(body));
  } catch (error) {
    // The code of what could not be done says here that they share no answer.
    throw error instanceof CommandError ? new ConfigError(error.message) : error;
  }
}

type KeyedDocument = ReturnType<typeof nameWritten>;

function readRequest(file: string) {
  return readWrittenRequest(readDocument(readText(file), file), file);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${file} cannot be read (${reasonOf(error)})`);
  }
}

function attempt<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof RefrainError || error instanceof CassetteError ? new ConfigError(error.message) : error;
  }
}

function textOf({ same, a, b, differences }: Explanation, names: readonly [string, string]): string {
  const lines = [sideText(names[0], a), sideText(names[1], b)];
  if (same) lines.push('One answer serves both.');
  else if (differences.length === 0) lines.push('Not every request of them has a key, so they share no answer.');
  else {
    const count = differences.length === 1 ? 'is one difference' : `are ${differences.length} differences`;
    lines.push(`They share no answer: there ${count}.`);
  }
  for (const { pointer, a: one, b: other, note, hint } of differences) {
    lines.push(`  ${pointer}`, `    a: ${one ?? '(absent)'}`, `    b: ${other ?? '(absent)'}`);
    for (const more of [note, hint]) if (more) lines.push(`    ${more}`);
  }
  return lines.join('\n');
}

function sideText(file: string, side: Side): string {
  return `${file}: ${side.key === null ? `has no key (${side.why})` : `key ${side.key}, form ${side.form}`}`;
}
