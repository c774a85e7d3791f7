/**
 * A JSON file as a source. Its objects are the parts of a path: `memory.bytes`
 * is `{"memory": {"bytes": …}}`.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { reasonOf } from '../errors.ts';
import { nearest } from './nearest.ts';
import { formerPaths, paths } from './settings.ts';
import { placeOf, refuse, type RawValues, show, type RawValue } from './raw-value.ts';

/** Every setting in it has its default here; the same for `src/` and `dist/`. */
const DEFAULTS = new URL('../../config/default.json', import.meta.url);

/** The settings of the file that someone named. */
export function readSettingsFile(named: RawValue, cwd: string): RawValues {
  const file = String(named.value);
  const tree = parseFile(named, resolve(cwd, file));
  if (!isObject(tree)) throw refuseFile(named, `holds ${show(tree)}`);
  return readTree(tree, file);
}

export function readDefaults(): RawValues {
  return readTree(JSON.parse(readFileSync(DEFAULTS, 'utf8')), 'config/default.json');
}

/** The values in an object, by the paths of settings. */
export function readTree(tree: object, file?: string): RawValues {
  return new Map(listLeaves(tree, '', file).map((rawValue) => [rawValue.name, rawValue]));
}

const names: readonly string[] = [...paths, ...formerPaths];

function listLeaves(tree: object, prefix: string, file: string | undefined): readonly RawValue[] {
  return Object.entries(tree).flatMap(([key, value]) => {
    if (value === undefined) return [];
    const path = `${prefix}${key}`;
    const written = file === undefined ? { name: path, value } : { name: path, value, file };
    if (names.includes(path)) return [written];
    const inner = paths.filter((known) => known.startsWith(`${path}.`));
    if (inner.length === 0)
      throw refuse(`${placeOf(written)} is not a setting; the nearest is ${nearest(path, paths)}`);
    if (isObject(value)) return listLeaves(value, `${path}.`, file);
    throw refuse(`${placeOf(written)} is ${show(value)}; it may be an object that holds ${inner.join(', ')}`);
  });
}

function parseFile(named: RawValue, path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw refuseFile(named, `is not JSON${positionOf(error)}`);
    throw refuseFile(named, `cannot be read (${reasonOf(error)})`);
  }
}

/** V8's message may quote the file, and with it a secret: nothing of it but the position is kept. */
function positionOf({ message }: SyntaxError): string {
  const position = /\(line \d+ column \d+\)$/.exec(message);
  return position === null ? '' : ` ${position[0]}`;
}

const refuseFile = (named: RawValue, fault: string) =>
  refuse(
    `${placeOf(named)} is ${show(named.value)}, which ${fault}; it may be a JSON file that holds an object of settings`,
  );

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
