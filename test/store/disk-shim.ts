/**
 * A library that stands between a process and its disk (see `disk-shim.c`): it
 * writes down what is done to files, or lets it take time.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One thing that was done to a file. */
export interface DiskOperation {
  readonly kind: 'write' | 'truncate' | 'sync' | 'unlink';
  /** The name of the file, without its folder. */
  readonly file: string;
  /** Where it was written to, or how long the file is from then on. */
  readonly offset: number;
  readonly bytes: Buffer;
}

const SOURCE = new URL('./disk-shim.c', import.meta.url).pathname;

/** Compiles the library into `folder`. @throws Error where there is no compiler */
export function buildShim(folder: string): string {
  const library = join(folder, 'disk-shim.so');
  const { error, status, stderr } = spawnSync('gcc', ['-shared', '-fPIC', '-O1', '-o', library, SOURCE, '-ldl'], {
    encoding: 'utf8',
  });
  if (error) throw new Error('gcc is not installed; on Debian: apt-get install gcc libc6-dev');
  if (status !== 0) throw new Error(`gcc: ${stderr}`);
  return library;
}

const KINDS = { w: 'write', t: 'truncate', s: 'sync', u: 'unlink' } as const;

/** The operations of a log, in their order. */
export function readDiskOperations(log: string): DiskOperation[] {
  const all = readFileSync(log);
  const operations: DiskOperation[] = [];
  for (let at = 0; at < all.length; ) {
    const end = all.indexOf('\n', at);
    const [letter = '', file = '', offset, length] = all.toString('latin1', at, end).split(' ');
    at = end + 1;
    const kind = KINDS[letter as keyof typeof KINDS];
    if (kind === undefined || end === -1) throw new Error(`${log} has no record at ${at}`);
    const bytes = kind === 'write' ? all.subarray(at, at + Number(length)) : Buffer.alloc(0);
    operations.push({ kind, file, offset: Number(offset), bytes });
    at += bytes.length;
  }
  return operations;
}
