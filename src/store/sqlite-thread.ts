/**
 * The thread of the disk tier's file.
 */
import { extname } from 'node:path';
import { FileThread, type ThreadOptions } from './file-thread.ts';
import { type Answers, type Call, packCall, type StoreNews } from './sqlite-message.ts';

/** `.ts` in the source tree, `.js` where it was built. */
const WORKER = new URL(`./sqlite.worker${extname(import.meta.url)}`, import.meta.url);

export interface SqliteThreadOptions extends Pick<ThreadOptions<Call, StoreNews>, 'onAside' | 'onNews' | 'onDeath'> {
  readonly path: string;
  readonly maxBytes: number;
}

export class SqliteThread extends FileThread<Call, Answers, StoreNews> {
  constructor({ path, maxBytes, ...listening }: SqliteThreadOptions) {
    super({ worker: WORKER, workerData: { path, maxBytes }, pack: packCall, ...listening });
  }
}
