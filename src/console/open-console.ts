/**
 * The console of a program, as the settings and its standard error ask for.
 */
import { isatty } from 'node:tty';
import type { Config } from '../config/config.ts';
import type { Console } from './console.ts';
import { jsonConsole } from './json-console.ts';

const STANDARD_ERROR = 2;

/** @param worker the number of this process among several */
export async function openConsole(config: Config, worker: number | null = null): Promise<Console> {
  const { logFormat } = config;
  const isHuman = logFormat === 'human' || (logFormat === 'auto' && isatty(STANDARD_ERROR));
  return isHuman ? (await import('./human-console.ts')).humanConsole(config) : jsonConsole(config, worker);
}
