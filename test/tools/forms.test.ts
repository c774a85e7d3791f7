/**
 * Derived answers, by OpenAI's client for Python: it makes of them what it makes of the recorded ones.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'vitest';
import { derived, type Sample, SAMPLES } from '../forms/samples.ts';
import { processTest as test } from '../harness/process-harness.ts';

const SCRIPT = new URL('./forms.py', import.meta.url).pathname;

/** JSON of which nothing is known. */
type Wire = ReturnType<typeof JSON.parse>;

/** Samples of servers that leave the role out of their streams, of which this client makes nothing. */
const WITHOUT_ROLE = /^upstream-llama/;

/** An answer that its limit ended: this client's helper of streams raises an error, and gives none. */
const CUT_BY_LENGTH = /"finish_reason": ?"length"/;

/** The other spelling of an answer that says as much. */
const targetOf = ({ endpoint, form }: Sample) =>
  form !== 'json' ? 'json' : endpoint === 'responses' ? 'sse' : 'sse+usage';

test('openai-python makes one answer of both forms', ({ folder }) => {
  run(folder, 'python3', ['-m', 'venv', 'python']);
  const python = join(folder, 'python/bin/python');
  run(folder, python, ['-m', 'pip', 'install', '--quiet', 'openai']);
  const isUsable = ({ endpoint, name, body }: Sample) =>
    endpoint !== 'completions' && !WITHOUT_ROLE.test(name) && !CUT_BY_LENGTH.test(body);
  const pairs = SAMPLES.filter(isUsable).flatMap((sample) => {
    const body = derived(sample, targetOf(sample));
    return body === null ? [] : [{ sample, body }];
  });
  expect(pairs.length).toBeGreaterThan(25);
  const answers = pairs.flatMap(({ sample: { endpoint, form, body }, body: other }) => [
    { endpoint, isStream: form !== 'json', body },
    { endpoint, isStream: form === 'json', body: other },
  ]);
  const made: readonly Wire[] = JSON.parse(run(folder, python, [SCRIPT], JSON.stringify(answers)));
  for (const [at, { sample }] of pairs.entries())
    expect(usual(made[2 * at + 1]), sample.name).toEqual(usual(made[2 * at]));
});

function run(folder: string, command: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: folder, encoding: 'utf8', input });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}

/** Its helper of streams adds what it has parsed; lists and fields of nothing are in documents alone. */
function usual(value: Wire): Wire {
  if (Array.isArray(value)) return value.map(usual);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(
    ([name, member]) =>
      member !== null &&
      !['parsed', 'parsed_arguments', 'output_parsed', 'obfuscation', 'index'].includes(name) &&
      !(['annotations', 'provider_specific_fields'].includes(name) && Object.keys(member as object).length === 0),
  );
  return Object.fromEntries(members.map(([name, member]) => [name, usual(member)]));
}
