/**
 * `refrain reload`: has a proxy that runs take over what has changed in its settings.
 */
import type { ProxyCommand } from '../config/command.ts';
import { inertJson } from '../console/escape.ts';
import type { Reloaded } from '../reloading.ts';
import { askProxy } from './connect.ts';
import type { Output } from './output.ts';

/** @returns the exit code */
export async function reloadSettings({ target, json }: ProxyCommand, output: Output): Promise<number> {
  const { applied, restart } = await askProxy(target, (admin) => admin.ask<Reloaded>('POST', '/reload', 'applied'));
  const waiting = restart.length === 0 ? '' : `; after a restart: ${restart.join(', ')}`;
  output.print(json ? inertJson({ applied, restart }) : `reloaded: ${applied.join(', ') || 'nothing new'}${waiting}`);
  return 0;
}
