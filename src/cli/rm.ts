/**
 * `refrain rm KEY`: deletes a kept answer.
 */
import type { KeyCommand } from '../config/command.ts';
import type { Totals } from '../store/listing.ts';
import { askProxy } from './connect.ts';
import { formatSize } from '../console/format.ts';
import { inertJson } from '../console/escape.ts';
import type { Output } from './output.ts';

/** @returns the exit code */
export async function removeEntry({ target, json, key }: KeyCommand, output: Output): Promise<number> {
  const deleted = await askProxy(target, (admin) => admin.ask<Totals>('DELETE', `/entries/${key}`, 'entries'));
  output.print(json ? inertJson(deleted) : `deleted ${key}, ${formatSize(deleted.bytes)}`);
  return 0;
}
