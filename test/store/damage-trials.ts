/**
 * Bytes of the database file and of its write-ahead log that are another or
 * missing, at random: whatever is still served is right. Declares tests.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ENTRIES, expectNothingWrongIn, filled, leftOpen, WRITTEN_BACK } from './filled.ts';
import { createTempDir } from './temp-dir.ts';

/** How often each is tried. */
export interface DamageCounts {
  readonly flips: number;
  readonly logFlips: number;
  readonly cuts: number;
}

/** The bytes after some damage. */
type Damage = (bytes: Buffer, at: number, mask: number) => Buffer;

export const flip: Damage = (bytes, at, mask) => {
  const flipped = Buffer.from(bytes);
  flipped[at] = (flipped[at] as number) ^ mask;
  return flipped;
};

const cut: Damage = (bytes, at) => bytes.subarray(0, at);

/** A page that is cut is read as if the rest of it were zeros. */
const cutLastPage: Damage = (bytes, at) => bytes.subarray(0, bytes.length - 1 - (at % 4_096));

interface Trial {
  readonly name: string;
  readonly count: number;
  readonly damage: Damage;
  /** Makes the file, and which of its files is damaged. */
  readonly make: typeof filled;
  readonly suffix: '' | '-wal';
  /** How many entries are served at least, and in what part of all trials. */
  readonly served: readonly [entries: number, part: number];
}

const trials = ({ flips, logFlips, cuts }: DamageCounts): readonly Trial[] => [
  {
    name: 'a byte of the file flipped',
    count: flips,
    damage: flip,
    make: filled,
    suffix: '',
    served: [ENTRIES - 1, 0.5],
  },
  {
    name: 'a byte of the log flipped',
    count: logFlips,
    damage: flip,
    make: leftOpen,
    suffix: '-wal',
    served: [WRITTEN_BACK, 1],
  },
  {
    name: 'a byte flipped of a file with a log',
    count: logFlips,
    damage: flip,
    make: leftOpen,
    suffix: '',
    served: [ENTRIES - 1, 0.5],
  },
  { name: 'the file cut', count: cuts, damage: cut, make: filled, suffix: '', served: [0, 1] },
  { name: 'the last page of the file cut', count: cuts, damage: cutLastPage, make: filled, suffix: '', served: [0, 1] },
  { name: 'the log cut', count: cuts, damage: cut, make: leftOpen, suffix: '-wal', served: [WRITTEN_BACK, 1] },
  { name: 'the file cut that has a log', count: cuts, damage: cut, make: leftOpen, suffix: '', served: [0, 1] },
];

export function damageNeverShows(counts: DamageCounts): void {
  describe('at a random place', () => {
    test.each(trials(counts))(
      '$name never makes a wrong body: $count times',
      ({ count, damage, make, suffix, served: [entries, part] }) => {
        const { directory } = createTempDir();
        const path = join(directory, 'damaged', 'store.db');
        const whole = make({ path: join(directory, 'whole.db') });
        const files = ['', '-wal']
          .filter((each) => make === leftOpen || each === '')
          .map((each) => [each, readFileSync(whole + each)] as const);
        const { length } = readFileSync(whole + suffix);
        let enough = 0;
        fc.assert(
          fc.property(fc.noBias(fc.nat({ max: length - 1 })), fc.integer({ min: 1, max: 255 }), (at, mask) => {
            rmSync(join(directory, 'damaged'), { recursive: true, force: true });
            mkdirSync(join(directory, 'damaged'));
            for (const [each, bytes] of files)
              writeFileSync(path + each, each === suffix ? damage(bytes, at, mask) : bytes);
            enough += expectNothingWrongIn(path) >= entries ? 1 : 0;
          }),
          { numRuns: count },
        );
        expect(enough / count).toBeGreaterThanOrEqual(part);
      },
    );
  });
}
