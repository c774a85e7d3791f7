/**
 * `refrain explain A.json B.json`: says why two requests share an answer, or
 * not. Asks no proxy: keys are a function of the requests, the configuration, and the cassette that it names.
 */
import { readFileSync } from 'node:fs';
import { CassetteError } from '../cassette/cassette-error.ts';
import { readCassette } from '../cassette/cassette-file.ts';
import { joinHeaders, redactionRules } from '../cassette/cassette-header.ts';
import type { Config } from '../config/config.ts';
import type { ExplainCommand } from '../config/command.ts';
import { ConfigError, reasonOf, RefrainError } from '../errors.ts';
import { explain, type Explanation, nameWritten, type Side } from '../request/explain.ts';
import { readDocument, readWrittenRequest } from '../request/written-request.ts';
import { nameExchanges } from '../replay.ts';
import { createRules, type ExchangeRules } from '../rules.ts';
import { peekSecret } from '../secret.ts';
import { inertJson, inertText } from '../console/escape.ts';
import type { Output } from './output.ts';

/** @returns the exit code. @throws ConfigError where a file cannot be used */
export async function explainFiles({ config, files, json }: ExplainCommand, output: Output): Promise<number> {
  const rules = createRules(config, peekSecret(config), [], await exchangesOf(config));
  const [a, b] = files.map((file) =>
    attempt(() => nameWritten(rules, readWrittenRequest(readDocument(readText(file), file), file))),
  );
  const explanation = explain(rules, a as KeyedDocument, b as KeyedDocument);
  output.print(json ? inertJson(explanation) : inertText(textOf(explanation, files)));
  return explanation.same ? 0 : 1;
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

type KeyedDocument = ReturnType<typeof nameWritten>;

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

function textOf({ same, a, b, differences }: Explanation, files: readonly [string, string]): string {
  const lines = [sideText(files[0], a), sideText(files[1], b)];
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
