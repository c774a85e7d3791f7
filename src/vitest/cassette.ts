/**
 * A cassette for a test file of vitest: `await cassette()` at its top, or in a setup file for all of them. What the
 * file asks of an API is recorded once, beside it, and replayed from then on; with `CI` set nobody is asked.
 */
import { basename, dirname, resolve } from 'node:path';
import { afterAll, expect } from 'vitest';
import { createApp } from '../app.ts';
import { systemClock } from '../clock.ts';
import { readEnvironment, setVariables } from '../config/process-environment.ts';
import type { RawValue } from '../config/raw-value.ts';
import { readRunProxy, type RunProxy } from '../config/run-command.ts';
import { flagName } from '../config/setting.ts';
import { start, stop } from '../lifecycle.ts';
import { createLog } from '../log.ts';
import { unrecordedLines } from '../run/summary.ts';
import { unusedRecordings } from './unused-recordings.ts';

/** As the flags of `refrain run` of these names; what is left out is as variables of the environment say. */
export interface FileCassetteOptions {
  /** The file, from the folder of the test file; else `__cassettes__/NAME.cassette`, after the test file. */
  readonly file?: string | undefined;
  /** Nobody is asked; so where `CI` is set, unless `record` is given. */
  readonly offline?: boolean | undefined;
  readonly record?: 'new' | 'all' | 'none' | 'sequence' | undefined;
  readonly recordErrors?: boolean | undefined;
  /** JSON Pointers, and `header:NAME`, of what the file takes in as REDACTED. */
  readonly redact?: readonly string[] | undefined;
  /** Regular expressions of the same. */
  readonly redactPattern?: readonly string[] | undefined;
  /** Base URL of the API that is asked. */
  readonly upstream?: string | undefined;
  /** Further variables that are to hold a base URL. */
  readonly env?: readonly string[] | undefined;
  /** The file fails where something was unrecorded; so where `CI` is set. */
  readonly strict?: boolean | undefined;
}

export interface FileCassette {
  /** For OpenAI's SDKs, which have it from `OPENAI_BASE_URL` already if they are made after this. */
  readonly baseURL: string;
  /** For Anthropic's. */
  readonly anthropicBaseURL: string;
  readonly file: string;
}

const FOLDER = '__cassettes__';

/** Until the end of the test file. @throws ConfigError where an option, a variable or the file cannot be used */
export async function cassette(options: FileCassetteOptions = {}): Promise<FileCassette> {
  const { testPath } = expect.getState();
  if (testPath === undefined) throw new Error('cassette() belongs at the top of a test file, or into a setup file');
  const file = resolve(dirname(testPath), options.file ?? `${FOLDER}/${basename(testPath)}.cassette`);
  const proxy = readProxy(file, options);
  const app = createApp(proxy.config, createLog(proxy.config.logLevel), systemClock, proxy.origins);
  const { api } = await start(app, proxy.config);
  const variables = proxy.variablesAt(api);
  const restore = setVariables(variables);
  let unreadable: string | null = null;
  void app.stores.cassette?.loaded.then((failure) => (unreadable = failure?.message ?? null));
  afterAll(async () => {
    restore();
    const { requests } = app.ledger.counts();
    await stop(app, 0);
    if (unreadable !== null) throw new Error(unreadable);
    // A file whose tests are all skipped used nothing.
    const unused = requests === 0 ? [] : unusedRecordings(file);
    if (unused.length > 0)
      console.warn(`not used by this test file, refrain cassette prune drops:\n${unused.join('\n')}`);
    const { count } = app.unrecorded;
    const lines = [`${count} unrecorded:`, ...unrecordedLines(app.unrecorded.requests, count)].join('\n');
    if (count > 0 && proxy.isStrict) throw new Error(lines);
    if (count > 0) console.warn(lines);
  });
  const { OPENAI_BASE_URL: baseURL = '', ANTHROPIC_BASE_URL: anthropicBaseURL = '' } = variables;
  return { baseURL, anthropicBaseURL, file };
}

function readProxy(file: string, { file: _, env, strict, ...settings }: FileCassetteOptions): RunProxy {
  const given = Object.entries({ ...settings, cassette: file }).filter(([, value]) => value !== undefined);
  const flags = new Map(given.map(([path, value]): [string, RawValue] => [flagName(path), { name: path, value }]));
  const own = { ...(env && { env }), ...(strict !== undefined && { strict }) };
  return readRunProxy(own, { flags, env: readEnvironment(), cwd: process.cwd() });
}
