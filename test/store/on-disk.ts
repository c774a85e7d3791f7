/**
 * A file on a disk that may lose what was written to it since the last sync, a
 * sector here and a sector there, whichever was written first.
 */
import type { Dice } from '../request/random.ts';
import type { Deed } from './disk-shim.ts';

const SECTOR = 512;

/** A file as a disk has it: what is there for sure, and what may be. */
export class OnDisk {
  #sure: Buffer = Buffer.alloc(0);
  #pending: Deed[] = [];

  constructor(first: Deed) {
    this.do(first);
  }

  do(deed: Deed): void {
    if (deed.kind !== 'sync') return void this.#pending.push(deed);
    this.#sure = played(this.#sure, this.#pending);
    this.#pending = [];
  }

  /** All that was done. */
  whole(): Buffer {
    return played(this.#sure, this.#pending);
  }

  /** What is there after a cut. */
  afterCut(dice: Dice): Buffer {
    const sectors = this.#pending.flatMap(inSectors);
    const share = dice.below(5);
    const left = sectors.filter(() => dice.below(4) < share);
    return played(this.#sure, dice.once(2) ? dice.shuffled(left) : left);
  }
}

/** A file after these writes and truncations, in this order. */
function played(file: Buffer, deeds: readonly Deed[]): Buffer {
  const most = deeds.reduce((length, { offset, bytes }) => Math.max(length, offset + bytes.length), file.length);
  const next = Buffer.alloc(most);
  file.copy(next);
  let { length } = file;
  for (const { kind, offset, bytes } of deeds) {
    if (kind === 'truncate') next.fill(0, offset);
    else bytes.copy(next, offset);
    length = kind === 'truncate' ? offset : Math.max(length, offset + bytes.length);
  }
  return next.subarray(0, length);
}

function inSectors(deed: Deed): Deed[] {
  if (deed.kind === 'truncate') return [deed];
  const first = deed.offset - (deed.offset % SECTOR);
  const count = Math.ceil((deed.offset + deed.bytes.length - first) / SECTOR);
  return Array.from({ length: count }, (_, index) => {
    const from = Math.max(0, first + index * SECTOR - deed.offset);
    return {
      ...deed,
      offset: deed.offset + from,
      bytes: deed.bytes.subarray(from, first + (index + 1) * SECTOR - deed.offset),
    };
  });
}
