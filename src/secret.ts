/**
 * The secret that keys the digests of credentials: made at first start, kept
 * beside the store and readable by its owner alone. Without it the stored
 * answers of a scope are not found again, and no stored digest can be tested
 * against a guessed credential.
 */
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError, reasonOf } from './errors.ts';
import type { Log } from './log.ts';
import { besideStore, keepPrivate } from './privacy.ts';

const SECRET_BYTES = 32;
const SECRET_TEXT = new RegExp(`^[0-9a-f]{${2 * SECRET_BYTES}}$`, 'i');

/**
 * @param storePath the file of the store, or null where nothing outlives the process
 * @returns 32 bytes; new ones where none can be kept or read, which costs misses and nothing else
 * @throws ConfigError where what is kept is no secret, or others can read it
 */
export function loadSecret(storePath: string | null, log: Log): Buffer {
  if (storePath === null) return randomBytes(SECRET_BYTES);
  const path = secretPath(storePath);
  try {
    const secret = readSecret(path);
    if (secret === null) return makeSecret(path);
    keepPrivate(path, log, 'the secret', '. To have a new one, remove it and start anew');
    return secret;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    log.warn(
      { path, reason: reasonOf(error) },
      'the secret cannot be kept; stored answers will not be found after a restart',
    );
    return randomBytes(SECRET_BYTES);
  }
}

/** Writes down a secret that is in use where it was taken away; what is kept by it is found after a restart too. */
export function keepSecret(storePath: string, secret: Buffer, log: Log): void {
  const path = secretPath(storePath);
  try {
    if (readText(path) === null) makeSecret(path, secret);
  } catch (error) {
    const news = 'the secret was taken away and cannot be kept; stored answers will not be found after a restart';
    log.warn({ path, reason: reasonOf(error) }, news);
  }
}

/** The kept secret, or one for the moment: makes no file. */
export function peekSecret(storePath: string | null): Buffer {
  try {
    return (storePath === null ? null : readSecret(secretPath(storePath))) ?? randomBytes(SECRET_BYTES);
  } catch {
    return randomBytes(SECRET_BYTES);
  }
}

export function secretPath(storePath: string): string {
  return besideStore(storePath, 'secret', 'key');
}

/** @returns null where there is none. @throws ConfigError where it is none */
export function readSecret(path: string): Buffer | null {
  const text = readText(path);
  if (text === null) return null;
  if (SECRET_TEXT.test(text)) return Buffer.from(text, 'hex');
  const advice = 'restore it, or remove it to have a new one made, which finds no stored answer';
  throw new ConfigError(`${path} is not a secret of ${2 * SECRET_BYTES} hexadecimal digits; ${advice}`);
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code === 'EISDIR') return '';
    throw error;
  }
}

/** Whole from the moment that it has its name, so that another start never reads half of it. */
function makeSecret(path: string, made: Buffer = randomBytes(SECRET_BYTES)): Buffer {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const text = `${made.toString('hex')}\n`;
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(draft, text, { flag: 'wx', mode: 0o600 });
    linkSync(draft, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another process started at the same moment, and its secret is as good; or nothing can have two names here.
    const isWithoutLinks = code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS';
    if (isWithoutLinks) writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    else if (code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const secret = readSecret(path);
  if (!secret) throw new Error('the secret vanished');
  return secret;
}
