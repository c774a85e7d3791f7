/**
 * The word of upstreams on credentials, kept across restarts: digests and times,
 * in a small file of its own that is replaced as a whole, a moment after there
 * is news. Another process may write the same file: of each caller, the later
 * word stands.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { type Clock, within } from '../clock.ts';
import { ConfigError, reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { besideStore, keepPrivate } from '../privacy.ts';

/** How many callers are remembered. */
export const REMEMBERED = 20_000;

/** The last word on a caller, in milliseconds since the epoch. */
export interface Known {
  /** `-Infinity` where it never was. */
  acceptedAt: number;
  /** Null unless that is the last word. */
  refusedAt: number | null;
}

export interface CallersFileOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
}

const TIME = z.number().int().min(0).nullable();

/** Of each caller by name: when it was accepted, and when refused. */
const FILE = z.strictObject({ version: z.literal(1), callers: z.array(z.tuple([z.string(), TIME, TIME])) });

const GATHER_MS = 1_000;
/** How long `close` waits for the disk. */
const BUDGET_MS = 5_000;
const MOST_BYTES = 16 * 1024 * 1024;

/** The file beside that of the store. */
export function callersPath(storePath: string): string {
  return besideStore(storePath, 'callers.json', 'callers');
}

export class CallersFile {
  readonly #options: CallersFileOptions;
  #cancelGathering: (() => void) | null = null;
  #writing: Promise<void> = Promise.resolve();
  #isFailing = false;

  constructor(options: CallersFileOptions) {
    this.#options = options;
  }

  /**
   * The callers that were kept; none where they cannot be had, which costs a check of each credential.
   * @throws ConfigError where others can read it, and cannot be kept from it
   */
  read(): Map<string, Known> {
    const { path, log } = this.#options;
    this.#closeToOthers();
    try {
      return parse(readFileSync(path, 'utf8'));
    } catch (error) {
      const isThere = (error as NodeJS.ErrnoException).code !== 'ENOENT';
      const news = 'what upstreams said of credentials cannot be read; each is asked about again';
      if (isThere) log.warn({ path, reason: reasonOf(error) }, news);
      return new Map();
    }
  }

  #closeToOthers(): void {
    const { path, log } = this.#options;
    try {
      keepPrivate(path, log, 'what upstreams said of credentials');
    } catch (error) {
      // A place that cannot even be looked at is reported where it is read.
      if (error instanceof ConfigError) throw error;
    }
  }

  /** @param callers read when they are written */
  changed(callers: ReadonlyMap<string, Known>): void {
    this.#cancelGathering ??= this.#options.clock.after(GATHER_MS, () => void this.#flush(callers));
  }

  async close(callers: ReadonlyMap<string, Known>): Promise<void> {
    await within(this.#options.clock, BUDGET_MS, this.#cancelGathering ? this.#flush(callers) : this.#writing);
  }

  #flush(callers: ReadonlyMap<string, Known>): Promise<void> {
    this.#cancelGathering?.();
    this.#cancelGathering = null;
    return (this.#writing = this.#writing.then(() => this.#write(callers)));
  }

  async #write(callers: ReadonlyMap<string, Known>): Promise<void> {
    const { path, log } = this.#options;
    const fresh = `${path}.${randomUUID()}`;
    try {
      const before = await readFile(path, 'utf8')
        .then(parse)
        .catch(() => new Map<string, Known>());
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(fresh, spell(merged(before, callers)), { mode: 0o600, flag: 'wx' });
      await rename(fresh, path);
      if (this.#isFailing) log.info({ path }, 'what upstreams say of credentials is kept again');
      this.#isFailing = false;
    } catch (error) {
      await rm(fresh, { force: true }).catch(() => {});
      const advice = 'what upstreams say of credentials cannot be kept; after a restart each is asked about again';
      if (!this.#isFailing) log.warn({ path, reason: reasonOf(error) }, advice);
      this.#isFailing = true;
    }
  }
}

function parse(text: string): Map<string, Known> {
  if (text.length > MOST_BYTES) throw new Error('too long');
  const { callers } = FILE.parse(JSON.parse(text));
  return new Map(
    callers.map(([name, acceptedAt, refusedAt]) => [name, { acceptedAt: acceptedAt ?? -Infinity, refusedAt }]),
  );
}

function spell(callers: ReadonlyMap<string, Known>): string {
  const timeOf = (acceptedAt: number) => (Number.isFinite(acceptedAt) ? acceptedAt : null);
  const rows = Array.from(callers, ([name, { acceptedAt, refusedAt }]) => [name, timeOf(acceptedAt), refusedAt]);
  return `${JSON.stringify({ version: 1, callers: rows })}\n`;
}

/** Ours last, and of those that only the file has no more than ours. */
function merged(before: Map<string, Known>, callers: ReadonlyMap<string, Known>): ReadonlyMap<string, Known> {
  const all = new Map([...before].slice(-REMEMBERED));
  for (const [name, known] of callers) {
    const other = before.get(name);
    all.delete(name);
    all.set(name, other && heardAt(other) > heardAt(known) ? other : known);
  }
  return all;
}

function heardAt({ acceptedAt, refusedAt }: Known): number {
  return Math.max(acceptedAt, refusedAt ?? -Infinity);
}
