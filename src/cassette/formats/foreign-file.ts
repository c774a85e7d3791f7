/**
 * Files of exchanges that are no cassettes, and what tells them apart: by their content, since names say little.
 */
import { readAimock } from './aimock.ts';
import { type ForeignFile, FormatError } from './foreign-exchange.ts';
import { readHar } from './har.ts';
import { readVcr } from './vcr.ts';

export const FORMATS = ['vcr', 'har', 'aimock', 'jsonl', 'sqlite'] as const;

export type FormatName = (typeof FORMATS)[number];

const SQLITE = 'SQLite format 3\0';

/** Members by which documents of JSON are known. */
const MEMBERS: readonly (readonly [member: string, format: FormatName])[] = [
  ['interactions', 'vcr'],
  ['log', 'har'],
  ['fixtures', 'aimock'],
  ['answer', 'jsonl'],
];

/** @throws FormatError where it is none of them */
export function formatOf(bytes: Buffer): FormatName {
  if (bytes.subarray(0, SQLITE.length).toString('latin1') === SQLITE) return 'sqlite';
  const text = bytes.toString();
  const found = formatOfJson(parsed(text)) ?? formatOfJson(parsed(/\S.*/.exec(text)?.[0] ?? ''));
  if (found !== null) return found;
  if (/^interactions:/m.test(text)) return 'vcr';
  throw new FormatError(
    'it is no cassette of vcrpy, no HAR, no fixtures of aimock, no JSON Lines and no store of ours',
  );
}

function formatOfJson(value: unknown): FormatName | null {
  if (typeof value !== 'object' || value === null) return null;
  return MEMBERS.find(([member]) => Object.hasOwn(value, member))?.[1] ?? null;
}

/** @throws FormatError */
export async function readForeign(
  text: string,
  format: Exclude<FormatName, 'jsonl' | 'sqlite'>,
  model: string | null,
): Promise<ForeignFile> {
  if (format === 'har') return readHar(jsonOf(text));
  return format === 'aimock' ? readAimock(jsonOf(text), model) : readVcr(parsed(text) ?? (await yamlOf(text)));
}

function jsonOf(text: string): unknown {
  const value = parsed(text);
  if (value === undefined) throw new FormatError('it is no JSON');
  return value;
}

/** Of Python, which writes YAML 1.1. */
async function yamlOf(text: string): Promise<unknown> {
  const { load, YAML11_SCHEMA, YAMLException } = await import('js-yaml');
  try {
    return load(text, { schema: YAML11_SCHEMA });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    throw new FormatError(`${error.reason ?? 'it is no YAML'}, in line ${(error.mark?.line ?? 0) + 1}`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
