/**
 * The command of `npm start`.
 */
import { readFileSync } from 'node:fs';

const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  scripts: { start: string };
};

/** The command line, without the name of the program. */
export const [, ...START] = scripts.start.split(' ');

/** The flags of Node among it. */
export const START_FLAGS = START.filter((arg) => arg.startsWith('--'));
