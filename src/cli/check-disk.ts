/**
 * The doctor on the files: are they ours and sound, may they be written, can
 * others read them, and is there room for what they may grow to. Nothing is
 * changed.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { constants, type Stats } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { callersPath } from '../cache/callers-file.ts';
import { CLOCK_SKEW_MS } from '../clock.ts';
import { reasonOf } from '../errors.ts';
import { usagePath } from '../ledger/usage-file.ts';
import { isOpenToOthers } from '../privacy.ts';
import { secretPath } from '../secret.ts';
import { SUFFIXES } from '../store/new-file.ts';
import { realPath } from '../store/real-path.ts';
import { failure, ok, type CheckResult, warning } from '../admin/findings.ts';
import { formatSize } from '../console/format.ts';
import type { Examination, Health } from './quick-check.ts';

export interface DatabaseFile extends Examination {
  /** The most that it holds; null where that has no bound of its own. */
  readonly bytes: number | null;
}

const QUICK_CHECK = fileURLToPath(new URL(`./quick-check${extname(import.meta.url)}`, import.meta.url));
/** Less than this is none. */
const LEAST_FREE = 16 * 1024 * 1024;

export async function checkDatabase({ path, of, bytes }: DatabaseFile, signal: AbortSignal): Promise<CheckResult> {
  const size = await sizeOf(path);
  if (size === null) return ok(`${path} is not there yet, and will be made`);
  const amount = formatSize(size) + (bytes === null ? '' : ` of ${formatSize(bytes)}`);
  const health = await readHealth({ path, of }, signal);
  switch (health.kind) {
    case 'sound': {
      const { newest } = health;
      if (newest === null || newest <= Date.now() + CLOCK_SKEW_MS) return ok(`${path} is sound, ${amount}`);
      const future = `answers of ${new Date(newest).toISOString()}, in the future, which are misses until then`;
      return warning(
        `${path} is sound, and has ${future}`,
        'set the clock of this machine right; if it is, purge them',
      );
    }
    case 'foreign': {
      const advice = 'a start is refused and leaves it alone; choose another path with --store-path, or move it away';
      return failure(`${path} is not Refrain's: ${health.reason}`, advice);
    }
    case 'late': {
      const advice = 'sqlite3 FILE "PRAGMA quick_check" reads it through';
      return warning(`${path} is too large to be read through in time (${amount})`, advice);
    }
    case 'other-version': {
      const says = `${path} is of schema version ${health.version}, and this Refrain's is ${health.own}`;
      return warning(says, 'the next start sets it aside and begins a new one; keep it if another Refrain uses it');
    }
    case 'damaged': {
      const advice = 'a start sets it aside and begins a new one; restore it from a copy to keep what it holds';
      return failure(`${path} is damaged (${health.reason})`, advice);
    }
    case 'unreadable':
      return failure(`${path} cannot be read (${health.reason})`, 'make it readable for this user');
  }
}

/** Another process reads the file through: SQLite cannot be interrupted in this one. */
async function readHealth(examination: Examination, signal: AbortSignal): Promise<Health | { readonly kind: 'late' }> {
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

/** Tests whether anybody else can read what is asked and answered. */
export function checkPrivacy(storePath: string): CheckResult {
  const databases = [storePath, usagePath(storePath)].flatMap((file) =>
    SUFFIXES.map((suffix) => realPath(file) + suffix),
  );
  const open = [secretPath(storePath), callersPath(storePath), ...databases].filter(isOpenToOthers);
  if (open.length === 0) return ok('no file can be read by others');
  return warning(`others can read ${open.join(', ')}`, 'chmod go= them; a start does it where it may');
}

/** @param isOfUser it is taken because no project is here */
export async function checkDirectory(storePath: string, isOfUser = false): Promise<CheckResult> {
  const directory = dirname(storePath);
  const whose = isOfUser ? ', of this user: no project is here' : '';
  const place = await existingAbove(directory);
  try {
    // By its `.`, so that a file in its place fails as well.
    await access(`${place}/.`, constants.W_OK | constants.X_OK);
    return ok(`${directory} ${place === directory ? 'is writable' : 'can be made'}${whose}`);
  } catch (error) {
    const says = `${place} is no directory that can be written (${reasonOf(error)})`;
    return failure(says, 'make it so for this user, or choose another with --store-path');
  }
}

/** @param bytes the most that the store may take */
export async function checkSpace(storePath: string, bytes: number): Promise<CheckResult> {
  const { bavail, bsize } = await statfs(await existingAbove(dirname(storePath)));
  const free = bavail * bsize;
  const growth = Math.max(0, bytes - ((await sizeOf(storePath)) ?? 0));
  const says = `${formatSize(free)} free, and the store may grow by ${formatSize(growth)}`;
  if (free < LEAST_FREE) return failure(says, 'free some, or nothing more is kept on disk');
  return free < growth ? warning(says, 'free some, or lower --store-bytes') : ok(says);
}

/** With what is not yet put into it; null where there is none. */
async function sizeOf(path: string): Promise<number | null> {
  const [file, log] = await Promise.all([path, `${path}-wal`].map(statIfThere));
  return file ? file.size + (log?.size ?? 0) : null;
}

/** The path itself, or the nearest above it that there is. */
async function existingAbove(path: string): Promise<string> {
  return dirname(path) === path || (await stat(path).catch(() => null)) ? path : existingAbove(dirname(path));
}

async function statIfThere(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (reasonOf(error) === 'ENOENT') return null;
    throw error;
  }
}
