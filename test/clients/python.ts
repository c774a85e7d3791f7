/**
 * OpenAI's client for Python, in several versions, and Anthropic's, through Refrain.
 *
 *   npm run test:clients
 *
 * Fetches the clients from the package registry. Where that or Python cannot
 * be had it says so, and that is no failure.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTable } from '../demo/table.ts';
import { type Check, CHECKS } from './python/checks.ts';
import { createPython, NoPython, type Python } from './python/environment.ts';

/** The newest of each. */
const VERSIONS = ['openai>=1,<2', 'openai>=2,<3', 'openai>=3'];

const folder = mkdtempSync(join(tmpdir(), 'refrain-python-'));
try {
  const pythons = await createAll();
  process.exitCode = (await compare(pythons)) ? 0 : 1;
  await Promise.all(pythons.map((python) => python.end()));
} catch (error) {
  if (!(error instanceof NoPython)) throw error;
  console.log(`No Python to test with: ${error.message}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Throws once none is in the making any more. */
async function createAll(): Promise<Python[]> {
  const making = VERSIONS.map((wanted, at) => createPython(join(folder, String(at)), wanted));
  await Promise.allSettled(making);
  return Promise.all(making);
}

/** @returns whether all is well */
async function compare(pythons: readonly Python[]): Promise<boolean> {
  const failures: string[] = [];
  const addRow = openTable([
    { title: 'asked twice', width: 40, align: 'left' },
    ...pythons.map(({ name }) => ({ title: name, width: 18, align: 'left' }) as const),
  ]);
  for (const check of CHECKS)
    addRow([check.name, ...(await Promise.all(pythons.map((python) => tryOut(check, python, failures))))]);
  for (const failure of failures) console.error(`\n${failure}`);
  return failures.length === 0;
}

async function tryOut({ name, run }: Check, python: Python, failures: string[]): Promise<string> {
  try {
    return await run(python);
  } catch (error) {
    failures.push(`${python.name}, ${name}: ${(error as Error).message}`);
    return 'FAILED';
  }
}
