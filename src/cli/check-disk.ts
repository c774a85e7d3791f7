/**
 * The doctor on the files: is the store's sound, may it be written, and is
 * there room for what it may grow to. Nothing is changed.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reasonOf } from '../errors.ts';
import { formatSize } from './figures.ts';
import { failure, type Finding, ok, warning } from './finding.ts';
import type { Health } from './quick-check.ts';

export interface StoreFile {
  readonly path: string;
  /** The most that its entries take. */
  readonly bytes: number;
}

const QUICK_CHECK = fileURLToPath(new URL(`./quick-check${extname(import.meta.url)}`, import.meta.url));
/** Less than this is none. */
const LEAST_FREE = 16 * 1024 * 1024;

export async function checkFile({ path, bytes }: StoreFile, signal: AbortSignal): Promise<Finding> {
  const check = 'store file';
  const size = await sizeOf(path);
  if (size === null) return ok(check, `${path} is not there yet, and will be made`);
  const amount = `${formatSize(size)} of ${formatSize(bytes)}`;
  const health = await readHealth(path, signal);
  switch (health.kind) {
    case 'sound':
      return ok(check, `${path} is sound, ${amount}`);
    case 'late':
      return warning(check, `${path} is too large to be read through in time (${amount})`, 'sqlite3 FILE "PRAGMA quick_check" reads it through');
    case 'other-version':
      return warning(check, `${path} is of schema version ${health.version}, and this Refrain's is ${health.own}`, 'at the next start it is set aside and a fresh one begun; keep it if another Refrain uses it');
    case 'damaged':
      return failure(check, `${path} is damaged (${health.reason})`, 'a start sets it aside and begins a fresh one; restore it from a copy to keep its answers');
    case 'unreadable':
      return failure(check, `${path} cannot be read (${health.reason})`, 'make it readable for this user');
  }
}

/** Another process reads the file through: SQLite cannot be interrupted in this one. */
async function readHealth(path: string, signal: AbortSignal): Promise<Health | { readonly kind: 'late' }> {
  const child = fork(QUICK_CHECK, { execArgv: ['--disable-warning=ExperimentalWarning'], signal, killSignal: 'SIGKILL', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  try {
    child.send(path);
    const [health] = await once(child, 'message', { signal });
    return health as Health;
  } catch (error) {
    if (signal.aborted) return { kind: 'late' };
    throw error;
  } finally {
    child.kill('SIGKILL');
  }
}

export async function checkDirectory({ path }: StoreFile): Promise<Finding> {
  const place = await existing(dirname(path));
  try {
    // By its `.`, so that a file in its place fails as well.
    await access(`${place}/.`, constants.W_OK | constants.X_OK);
    return ok('store directory', place === dirname(path) ? `${place} is writable` : `${dirname(path)} can be made`);
  } catch (error) {
    return failure('store directory', `${place} is no directory that can be written (${reasonOf(error)})`, 'make it so for this user, or choose another with --store-path');
  }
}

export async function checkSpace({ path, bytes }: StoreFile): Promise<Finding> {
  const { bavail, bsize } = await statfs(await existing(dirname(path)));
  const free = bavail * bsize;
  const growth = Math.max(0, bytes - ((await sizeOf(path)) ?? 0));
  const says = `${formatSize(free)} free, and the store may grow by ${formatSize(growth)}`;
  if (free < LEAST_FREE) return failure('disk space', says, 'free some, or nothing more is kept on disk');
  return free < growth ? warning('disk space', says, 'free some, or lower --store-bytes') : ok('disk space', says);
}

/** With what is not yet put into it; null where there is none. */
async function sizeOf(path: string): Promise<number | null> {
  try {
    const { size } = await stat(path);
    return size + (await stat(`${path}-wal`).then((log) => log.size, () => 0));
  } catch (error) {
    if (reasonOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** The nearest path above that there is. */
async function existing(path: string): Promise<string> {
  const isThere = await stat(path).then(() => true, () => false);
  return isThere || dirname(path) === path ? path : existing(dirname(path));
}
