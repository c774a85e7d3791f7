/**
 * The environment as a source, and `.env` in the working directory under it.
 * An empty variable counts as not set. A secret may stand in a file, which the
 * variable with `_FILE` behind its name names.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'dotenv';
import { reasonOf } from '../errors.ts';
import { nearest } from './nearest.ts';
import { PROXY_VARIABLES } from './outbound.ts';
import { SECRET_FILE, variableName } from './setting.ts';
import { formerPaths, secretFileNames, variableNames } from './settings.ts';
import { placeOf, refuse, type RawValues, type RawValue } from './raw-value.ts';

const DOTENV = '.env';

export interface Variables {
  /** The variables that Refrain knows, by name. */
  readonly known: RawValues;
  readonly unknown: readonly UnknownVariable[];
}

/** A variable that is spelled as one of Refrain's, and is none. */
export interface UnknownVariable {
  readonly name: string;
  /** The known variable that is spelled most like it. */
  readonly nearest: string;
}

export function readVariables(env: NodeJS.ProcessEnv, cwd: string): Variables {
  const written = listWritten(env, cwd);
  const known = new Set([...variableNames, ...formerPaths.map(variableName), ...PROXY_VARIABLES]);
  const strange = written.map(({ name }) => name).filter((name) => name.startsWith('REFRAIN_') && !known.has(name));
  const given = new Map(written.filter(({ name }) => known.has(name)).map((variable) => [variable.name, variable]));
  return {
    known: withSecretFiles(given, cwd),
    unknown: [...new Set(strange)].map((name) => ({ name, nearest: nearest(name, variableNames) })),
  };
}

/** Variables of others, by name, from the same two places. */
export function readForeignVariables(env: NodeJS.ProcessEnv, cwd: string, names: readonly string[]): RawValues {
  const written = listWritten(env, cwd).filter(({ name }) => names.includes(name));
  return new Map(written.map((variable) => [variable.name, variable]));
}

/** The later ones win. */
function listWritten(env: NodeJS.ProcessEnv, cwd: string): readonly RawValue[] {
  return [...listVariables(readDotenv(cwd), DOTENV), ...listVariables(env)];
}

function listVariables(variables: NodeJS.Dict<string>, file?: string): readonly RawValue[] {
  const set = Object.entries(variables).filter(([, value]) => value !== undefined && value !== '');
  return set.map(([name, value]) => (file === undefined ? { name, value } : { name, value, file }));
}

/** Variables with each secret that a file holds, as if it were written in the variable without `_FILE`. */
function withSecretFiles(given: RawValues, cwd: string): RawValues {
  const read = secretFileNames.flatMap((name) => {
    const variable = given.get(name);
    if (variable === undefined) return [];
    const secret = name.slice(0, -SECRET_FILE.length);
    if (given.has(secret)) throw refuse(`${secret} and ${placeOf(variable)} both give one secret; drop one of them`);
    return [[secret, readSecretFile(variable, cwd)] as const];
  });
  return new Map([...given, ...read]);
}

function readSecretFile(variable: RawValue, cwd: string): RawValue {
  const { name } = variable;
  const file = resolve(cwd, String(variable.value));
  try {
    return { name, value: readFileSync(file, 'utf8').replace(/(\r?\n)+$/, ''), file };
  } catch (error) {
    throw refuse(`${placeOf(variable)} names ${file}, which cannot be read (${reasonOf(error)})`);
  }
}

function readDotenv(cwd: string): NodeJS.Dict<string> {
  try {
    return parse(readFileSync(join(cwd, DOTENV)));
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === 'ENOENT') return {};
    throw refuse(`${DOTENV} cannot be read (${reason}); it may be a text file, or absent`);
  }
}
