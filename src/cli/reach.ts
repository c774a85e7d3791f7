/**
 * What there is to read about a proxy: asked of the one that runs, or read
 * from its files where none does.
 */
import type { ToldEntry } from '../admin/telling.ts';
import type { Target } from '../config/command.ts';
import type { Books, Page, Stats } from './books.ts';
import { createDoor, type Door, NobodyListens } from './door.ts';
import { CommandError } from './failure.ts';
import { booksIn } from './files.ts';
import type { Output } from './output.ts';

/** What `read` makes of the books of a proxy that runs, or else of its files; says so where it is these. */
export async function readBooks<T>(target: Target, output: Output, read: (books: Books) => Promise<T>): Promise<T> {
  const door = createDoor(target);
  try {
    return await read(booksBehind(door));
  } catch (error) {
    if (!(error instanceof NobodyListens)) throw error;
  }
  const { path } = target.config.store;
  if (target.url !== null || path === null) throw new CommandError(noProxy(target, door));
  return read(booksIn(path, noProxy(target, door), output.tell));
}

/** Asks for something that only a proxy that runs can do. */
export async function askProxy<T>(target: Target, act: (door: Door) => Promise<T>): Promise<T> {
  const door = createDoor(target);
  try {
    return await act(door);
  } catch (error) {
    if (error instanceof NobodyListens) throw new CommandError(`${noProxy(target, door)}, and this needs one; start it, or say where it is with --url`);
    throw error;
  }
}

function noProxy({ config, url }: Target, door: Door): string {
  const isUnknown = url === null && config.admin.port === 0;
  return isUnknown ? 'admin.port is 0, so the proxy may be anywhere' : `no proxy runs at ${door.url}`;
}

function booksBehind(door: Door): Books {
  return {
    stats: () => door.ask<Stats>('GET', '/stats', 'periods'),
    page: (query) => door.ask<Page>('GET', `/entries?${new URLSearchParams(query)}`, 'entries'),
    entry: (key) => door.ask<ToldEntry>('GET', `/entries/${key}`, 'answer'),
  };
}
