/**
 * `refrain rm KEY`: deletes a kept answer.
 */
import type { Target } from '../config/command.ts';
import type { Tally } from '../store/listing.ts';
import { askProxy } from './reach.ts';
import { formatSize } from './figures.ts';
import { inertJson } from './inert.ts';
import type { Output } from './output.ts';

export interface RmCommand {
  readonly target: Target;
  readonly json: boolean;
  readonly key: string;
}

/** @returns the exit code */
export async function removeEntry({ target, json, key }: RmCommand, output: Output): Promise<number> {
  const deleted = await askProxy(target, (door) => door.ask<Tally>('DELETE', `/entries/${key}`, 'entries'));
  output.print(json ? inertJson(deleted) : `deleted ${key}, ${formatSize(deleted.bytes)}`);
  return 0;
}
