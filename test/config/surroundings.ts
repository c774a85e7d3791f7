/**
 * A directory to start in, with the files that a test needs, until it ends.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Surroundings } from '../../src/config/config.ts';

export interface Start {
  readonly argv?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** The contents of files in the working directory, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

export function createSurroundings({ argv = [], env = {}, files = {} }: Start): Surroundings {
  const cwd = mkdtempSync(join(tmpdir(), 'refrain-config-'));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  return { argv, env, cwd };
}
