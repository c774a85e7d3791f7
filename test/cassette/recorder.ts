/**
 * A process that records exchange after exchange until it is killed: `node recorder.ts PATH NAME FROM`. Says of each,
 * by its number, once it is pending; after every third, all is merged.
 */
import { writeSync } from 'node:fs';
import { rewriteCassette } from '../../src/cassette/cassette-file.ts';
import { EMPTY_HEADER } from '../../src/cassette/cassette-header.ts';
import { withLock } from '../../src/cassette/cassette-lock.ts';
import { appendLot } from '../../src/cassette/pending-file.ts';
import { numbered } from './exchange-fixtures.ts';

const [path = '', name = '', from = ''] = process.argv.slice(2);
for (let number = Number(from); ; number += 1) {
  const lot = { header: EMPTY_HEADER, removes: [], exchanges: [numbered(name, number)] };
  withLock(path, () => appendLot(path, lot));
  writeSync(1, `${number}\n`);
  if (number % 3 === 2) rewriteCassette(path);
}
