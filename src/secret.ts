/**
 * The secret that keys the digests of credentials, and encryption at rest. It is
 * given by a setting or a file of the operator's, or else made at first start,
 * kept beside the store and readable by its owner alone. Without it the stored
 * answers of a scope are not found again, and no stored digest can be tested
 * against a guessed credential.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError, reasonOf } from './errors.ts';
import type { Log } from './log.ts';
import { besideStore, keepPrivate } from './privacy.ts';

/** The settings that say where the secret is. */
export interface SecretSettings {
  /** Its digits. */
  readonly secret: string | null;
  readonly secretFile: string | null;
  readonly store: { readonly path: string | null };
}

const SECRET_BYTES = 32;
const SECRET_TEXT = new RegExp(`^[0-9a-f]{${2 * SECRET_BYTES}}$`, 'i');

/** The advice on a file of ours that is no secret. */
const REMAKE = 'restore it, or remove it to have a new one made, which finds no stored answer';

/**
 * The secret that the operator gives; null where it is ours to make.
 * @param log takes a file from others who could read it; without it nothing is changed
 * @throws ConfigError where the file is missing, is none, or open to others
 */
export function givenSecret({ secret, secretFile }: SecretSettings, log?: Log): Buffer | null {
  if (secret !== null) return Buffer.from(secret, 'hex');
  if (secretFile === null) return null;
  const given = readGiven(secretFile);
  if (log) keepPrivate(secretFile, log, 'the secret', '. Make a new one if somebody else may have read it');
  return given;
}

/**
 * The secret where no setting gives it.
 * @returns 32 bytes; new ones where none can be kept or read, which costs misses and nothing else
 * @throws ConfigError where what is kept is no secret, or others can read it
 */
export function keptSecret({ store }: SecretSettings, log: Log): Buffer {
  if (store.path === null) return randomBytes(SECRET_BYTES);
  const path = secretPath(store.path);
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

/** Writes down a secret of ours where it was taken away; what is kept by it is found after a restart too. */
export function keepSecret(storePath: string, secret: Buffer, log: Log): void {
  const path = secretPath(storePath);
  try {
    if (readText(path) === null) makeSecret(path, secret);
  } catch (error) {
    const news = 'the secret was taken away and cannot be kept; stored answers will not be found after a restart';
    log.warn({ path, reason: reasonOf(error) }, news);
  }
}

/** The secret of these settings, or one for the moment: makes no file and changes none. */
export function peekSecret(settings: SecretSettings): Buffer {
  const { path } = settings.store;
  try {
    const secret = givenSecret(settings) ?? (path === null ? null : readSecret(secretPath(path)));
    return secret ?? randomBytes(SECRET_BYTES);
  } catch {
    return randomBytes(SECRET_BYTES);
  }
}

/** By which processes tell whether they have the same secret; it says nothing else of it. */
export function digestOfSecret(secret: Uint8Array): string {
  return createHmac('sha256', secret).update('refrain: the secret of a fleet').digest('hex');
}

export function secretPath(storePath: string): string {
  return besideStore(storePath, 'secret', 'key');
}

/** @returns null where there is none. @throws ConfigError where it is none */
export function readSecret(path: string, advice = REMAKE): Buffer | null {
  const text = readText(path);
  if (text === null) return null;
  if (SECRET_TEXT.test(text)) return Buffer.from(text, 'hex');
  throw new ConfigError(`${path} is not a secret of ${2 * SECRET_BYTES} hexadecimal digits; ${advice}`);
}

function readGiven(path: string): Buffer {
  const remedy = `openssl rand -hex 32 > ${path}`;
  try {
    const secret = readSecret(path, 'put one there that is, the same in all of a fleet');
    if (secret !== null) return secret;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${path} cannot be read (${reasonOf(error)}); make the secret readable for this user`);
  }
  throw new ConfigError(`there is no secret at ${path}; make one with \`${remedy}\`, or leave secretFile out`);
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
