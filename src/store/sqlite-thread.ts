/**
 * The thread of the disk tier's file.
 */
import { extname } from 'node:path';
import { FileThread, type ThreadOptions } from './file-thread.ts';
import { type SqliteAnswers, type SqliteCall, packCall, type StoreNews } from './sqlite-message.ts';

/** `.ts` in the source tree, `.js` where it was built. */
const WORKER = new URL(`./sqlite.worker${extname(import.meta.url)}`, import.meta.url);

export interface SqliteThreadOptions
  extends Pick<ThreadOptions<SqliteCall, StoreNews>, 'onQuarantine' | 'onNews' | 'onDeath'> {
  readonly path: string;
  readonly maxBytes: number;
  readonly retention: number;
}

export class SqliteThread extends FileThread<SqliteCall, SqliteAnswers, StoreNews> {
  constructor({ path, maxBytes, retention, ...listening }: SqliteThreadOptions) {
    super({ worker: WORKER, workerData: { path, maxBytes, retention }, pack: packCall, ...listening });
  }
}
