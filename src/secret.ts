/**
 * The secret that keys the digests of credentials: made at first start, kept
 * beside the store and readable by its owner alone. Without it the stored
 * answers of a scope are not found again, and no stored digest can be tested
 * against a guessed credential.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { reasonOf } from './errors.ts';
import type { Log } from './log.ts';

const SECRET_BYTES = 32;

/**
 * @param storePath the file of the store, or null where nothing outlives the process
 * @returns 32 bytes; new ones where the kept ones cannot be had, which costs misses and nothing else
 */
export function loadSecret(storePath: string | null, log: Log): Buffer {
  if (storePath === null) return randomBytes(SECRET_BYTES);
  const path = secretPath(storePath);
  try {
    return readSecret(path) ?? makeSecret(path);
  } catch (error) {
    log.warn({ path, reason: reasonOf(error) }, 'the secret cannot be kept; stored answers will not be found after a restart');
    return randomBytes(SECRET_BYTES);
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

function secretPath(storePath: string): string {
  return join(dirname(storePath), 'secret');
}

function readSecret(path: string): Buffer | null {
  try {
    const secret = Buffer.from(readFileSync(path, 'utf8').trim(), 'hex');
    if (secret.length !== SECRET_BYTES) throw new Error(`not ${SECRET_BYTES} bytes in hexadecimal`);
    return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function makeSecret(path: string): Buffer {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(path, `${randomBytes(SECRET_BYTES).toString('hex')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    // Another process started at the same moment; its secret is as good.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const secret = readSecret(path);
  if (!secret) throw new Error('the secret vanished');
  return secret;
}
