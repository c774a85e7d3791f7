/**
 * The process input of a test: a directory with the files that it needs until it
 * ends; and the configuration that a start there has.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { readCommand, type ProcessInput } from '../../src/config/command.ts';
import type { Config } from '../../src/config/config.ts';

export interface Start {
  readonly argv?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** The contents of files in the working directory, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

export function createProcessInput({ argv = [], env = {}, files = {} }: Start): ProcessInput {
  const cwd = mkdtempSync(join(tmpdir(), 'refrain-config-'));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  return { argv, env, cwd };
}

export function loadConfig(input: ProcessInput): Config {
  const command = readCommand(input);
  if (command.kind !== 'start') throw new Error(`${command.kind} starts nothing`);
  return command.config;
}
