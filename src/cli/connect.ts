/**
 * What there is to read about a proxy: asked of the one that runs, or read
 * from its files where none does.
 */
import type { ToldEntry } from '../admin/entry-json.ts';
import type { ProxyTarget } from '../config/command.ts';
import type { Books, EntryPage, ProxyStats } from './usage-file.ts';
import { createAdminClient, type AdminClient, NobodyListens } from './admin-client.ts';
import { CommandError } from './failure.ts';
import { booksIn } from './files.ts';
import type { Output } from './output.ts';

/** What `read` makes of the books of a proxy that runs, or else of its files; says so where it is these. */
export async function readBooks<T>(
  target: ProxyTarget,
  output: Output,
  read: (books: Books) => Promise<T>,
): Promise<T> {
  const admin = createAdminClient(target);
  try {
    return await read(booksBehind(admin));
  } catch (error) {
    if (!(error instanceof NobodyListens)) throw error;
  }
  const { path } = target.config.store;
  if (target.url !== null || path === null) throw new CommandError(noProxy(target, admin));
  return read(booksIn(path, noProxy(target, admin), output.tell));
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

function booksBehind(admin: AdminClient): Books {
  return {
    stats: () => admin.ask<ProxyStats>('GET', '/stats', 'periods'),
    page: (query) => admin.ask<EntryPage>('GET', `/entries?${new URLSearchParams(query)}`, 'entries'),
    entry: (key) => admin.ask<ToldEntry>('GET', `/entries/${key}`, 'answer'),
  };
}
