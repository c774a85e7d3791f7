/**
 * The doctor on the files: are they ours and sound, may they be written, can
 * others read them, and is there room for what they may grow to. Nothing is
 * changed.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { callersPath } from '../cache/callers-file.ts';
import { CLOCK_SKEW_MS } from '../clock.ts';
import { ConfigError, reasonOf } from '../errors.ts';
import { usagePath } from '../ledger/usage-file.ts';
import { isOpenToOthers } from '../privacy.ts';
import { readSecret, secretPath } from '../secret.ts';
import { SUFFIXES } from '../store/new-file.ts';
import { formatSize } from './format.ts';
import { failure, type Finding, ok, warning } from './finding.ts';
import type { Examination, Health } from './quick-check.ts';

export interface StoreFile {
  readonly path: string;
  /** The most that its entries take. */
  readonly bytes: number;
}

type Reading = Health | { readonly kind: 'late' };
type Unsound = Exclude<Reading, { readonly kind: 'sound' }>;

const QUICK_CHECK = fileURLToPath(new URL(`./quick-check${extname(import.meta.url)}`, import.meta.url));
/** Less than this is none. */
const LEAST_FREE = 16 * 1024 * 1024;

export async function checkFile({ path, bytes }: StoreFile, signal: AbortSignal): Promise<Finding> {
  const check = 'store file';
  const size = await sizeOf(path);
  if (size === null) return ok(check, `${path} is not there yet, and will be made`);
  const amount = `${formatSize(size)} of ${formatSize(bytes)}`;
  const health = await readHealth({ path, of: 'store' }, signal);
  if (health.kind !== 'sound') {
    const words = { size: ` (${amount})`, version: 'schema version', begun: 'a fresh one begun', fresh: 'a fresh one' };
    return unsound(check, path, health, { ...words, holds: 'answers' });
  }
  if ((health.newest ?? 0) > Date.now() + CLOCK_SKEW_MS) return fromTheFuture(check, path, health.newest as number);
  return ok(check, `${path} is sound, ${amount}`);
}

/** The books, which are small, and kept beside the store. */
export async function checkBooks({ path: storePath }: StoreFile, signal: AbortSignal): Promise<Finding> {
  const check = 'books file';
  const path = usagePath(storePath);
  if ((await sizeOf(path)) === null) return ok(check, `${path} is not there yet, and will be made`);
  const health = await readHealth({ path, of: 'books' }, signal);
  if (health.kind === 'sound') return ok(check, `${path} is sound`);
  const words = { size: '', version: 'version', begun: 'fresh books are begun', fresh: 'fresh books', holds: 'sums' };
  return unsound(check, path, health, words);
}

export function checkSecret({ path: storePath }: StoreFile): Finding {
  const path = secretPath(storePath);
  try {
    return ok('secret', readSecret(path) === null ? `${path} is not there yet, and will be made` : `${path} is one`);
  } catch (error) {
    if (error instanceof ConfigError) {
      const advice = 'restore it, or remove it to have a new one made, which finds no stored answer';
      return failure('secret', `${path} is no secret of Refrain's`, advice);
    }
    const advice = 'make it readable for this user, or stored answers are not found';
    return failure('secret', `${path} cannot be read (${reasonOf(error)})`, advice);
  }
}

/** Tests whether anybody else can read what is asked and answered. */
export function checkPrivacy({ path }: StoreFile): Finding {
  const files = [path, usagePath(path)].flatMap((file) => SUFFIXES.map((suffix) => file + suffix));
  const open = [secretPath(path), callersPath(path), ...files].filter(isOpenToOthers);
  if (open.length === 0) return ok('file modes', 'no file can be read by others');
  return warning('file modes', `others can read ${open.join(', ')}`, 'chmod go= them; a start does it where it may');
}

/** The words in which the findings on two files differ. */
interface Words {
  readonly size: string;
  readonly version: string;
  readonly begun: string;
  readonly fresh: string;
  readonly holds: string;
}

function unsound(check: string, path: string, health: Unsound, { size, version, begun, fresh, holds }: Words): Finding {
  switch (health.kind) {
    case 'foreign': {
      const advice = 'a start is refused and leaves it alone; choose another path with --store-path, or move it away';
      return failure(check, `${path} is not Refrain's: ${health.reason}`, advice);
    }
    case 'late': {
      const advice = 'sqlite3 FILE "PRAGMA quick_check" reads it through';
      return warning(check, `${path} is too large to be read through in time${size}`, advice);
    }
    case 'other-version': {
      const says = `${path} is of ${version} ${health.version}, and this Refrain's is ${health.own}`;
      return warning(check, says, `at the next start it is set aside and ${begun}; keep it if another Refrain uses it`);
    }
    case 'damaged': {
      const advice = `a start sets it aside and begins ${fresh}; restore it from a copy to keep its ${holds}`;
      return failure(check, `${path} is damaged (${health.reason})`, advice);
    }
    case 'unreadable':
      return failure(check, `${path} cannot be read (${health.reason})`, 'make it readable for this user');
  }
}

function fromTheFuture(check: string, path: string, newest: number): Finding {
  const at = new Date(newest).toISOString();
  const says = `${path} is sound, and has answers of ${at}, in the future, which are misses until then`;
  return warning(check, says, 'set the clock of this machine right; if it is, purge them');
}

/** Another process reads the file through: SQLite cannot be interrupted in this one. */
async function readHealth(examination: Examination, signal: AbortSignal): Promise<Reading> {
  const child = fork(QUICK_CHECK, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    signal,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  try {
    child.send(examination);
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
    return failure(
      'store directory',
      `${place} is no directory that can be written (${reasonOf(error)})`,
      'make it so for this user, or choose another with --store-path',
    );
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
    return (
      size +
      (await stat(`${path}-wal`).then(
        (log) => log.size,
        () => 0,
      ))
    );
  } catch (error) {
    if (reasonOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** The nearest path above that there is. */
async function existing(path: string): Promise<string> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  return isThere || dirname(path) === path ? path : existing(dirname(path));
}
