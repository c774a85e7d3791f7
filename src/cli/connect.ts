/**
 * The way to a proxy: the one that runs is asked, and where none does its
 * files are read.
 */
import type { EntryJson } from '../admin/entry-json.ts';
import type { ProxyTarget } from '../config/command.ts';
import type { Explanation } from '../request/explain.ts';
import type { EntryPage, ProxyBill, ProxyData, ProxyStats } from './proxy-data.ts';
import { createAdminClient, type AdminClient, NobodyListens } from './admin-client.ts';
import { CommandError } from './failure.ts';
import { dataInFiles } from './files.ts';
import type { Output } from './output.ts';

/** Reads from a proxy that runs, or else from its files; says so where it is these. */
export async function readData<T>(
  target: ProxyTarget,
  output: Output,
  read: (data: ProxyData) => Promise<T>,
): Promise<T> {
  const admin = createAdminClient(target);
  try {
    return await read(dataBehind(admin));
  } catch (error) {
    if (!(error instanceof NobodyListens)) throw error;
  }
  const { path } = target.config.store;
  if (target.url !== null || path === null) throw new CommandError(noProxy(target, admin));
  return read(dataInFiles(target.config, path, noProxy(target, admin), output.note));
}

/** Asks for something that only a proxy that runs can do. */
export async function askProxy<T>(target: ProxyTarget, act: (admin: AdminClient) => Promise<T>): Promise<T> {
  const admin = createAdminClient(target);
  try {
    return await act(admin);
  } catch (error) {
    if (error instanceof NobodyListens)
      throw new CommandError(`${noProxy(target, admin)}, and this needs one; start it, or say where it is with --url`);
    throw error;
  }
}

function noProxy({ config, url }: ProxyTarget, admin: AdminClient): string {
  const isUnknown = url === null && config.admin.port === 0;
  return isUnknown ? 'admin.port is 0, so the proxy may be anywhere' : `no proxy runs at ${admin.url}`;
}

function dataBehind(admin: AdminClient): ProxyData {
  return {
    stats: () => admin.ask<ProxyStats>('GET', '/stats', 'periods'),
    bill: (query) => admin.ask<ProxyBill>('GET', `/stats?${new URLSearchParams(query)}`, 'unnamed'),
    page: (query) => admin.ask<EntryPage>('GET', `/entries?${new URLSearchParams(query)}`, 'entries'),
    explain: (text) => admin.ask<Explanation>('POST', '/explain', 'same', text),
    entry: (key) => admin.ask<EntryJson>('GET', `/entries/${key}`, 'answer'),
  };
}
