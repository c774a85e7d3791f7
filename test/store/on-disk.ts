/**
 * A file on a disk that may lose what was written to it since the last sync, a
 * sector here and a sector there, whichever was written first.
 */
import type { Random } from '../request/random.ts';
import type { DiskOperation } from './disk-shim.ts';

const SECTOR = 512;

/** A file as a disk has it: what is there for sure, and what may be. */
export class OnDisk {
  #sure: Buffer = Buffer.alloc(0);
  #pending: DiskOperation[] = [];

  constructor(first: DiskOperation) {
    this.do(first);
  }

  do(operation: DiskOperation): void {
    if (operation.kind !== 'sync') return void this.#pending.push(operation);
    this.#sure = played(this.#sure, this.#pending);
    this.#pending = [];
  }

  /** All that was done. */
  whole(): Buffer {
    return played(this.#sure, this.#pending);
  }

  /** The file as it is after a cut. */
  afterCut(random: Random): Buffer {
    const sectors = this.#pending.flatMap(inSectors);
    const share = random.below(5);
    const left = sectors.filter(() => random.below(4) < share);
    return played(this.#sure, random.once(2) ? random.shuffled(left) : left);
  }
}

/** A file after these writes and truncations, in this order. */
function played(file: Buffer, operations: readonly DiskOperation[]): Buffer {
  const most = operations.reduce((length, { offset, bytes }) => Math.max(length, offset + bytes.length), file.length);
  const next = Buffer.alloc(most);
  file.copy(next);
  let { length } = file;
  for (const { kind, offset, bytes } of operations) {
    if (kind === 'truncate') next.fill(0, offset);
    else bytes.copy(next, offset);
    length = kind === 'truncate' ? offset : Math.max(length, offset + bytes.length);
  }
  return next.subarray(0, length);
}

function inSectors(operation: DiskOperation): DiskOperation[] {
  if (operation.kind === 'truncate') return [operation];
  const first = operation.offset - (operation.offset % SECTOR);
  const count = Math.ceil((operation.offset + operation.bytes.length - first) / SECTOR);
  return Array.from({ length: count }, (_, index) => {
    const from = Math.max(0, first + index * SECTOR - operation.offset);
    return {
      ...operation,
      offset: operation.offset + from,
      bytes: operation.bytes.subarray(from, first + (index + 1) * SECTOR - operation.offset),
    };
  });
}
