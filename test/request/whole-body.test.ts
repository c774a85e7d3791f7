import { describe, expect, test } from 'vitest';
import { WholeBody } from '../../src/request/whole-body.ts';

describe('a body that is not needed any more', () => {
  test('gives back the memory of long pieces', () => {
    const pieces = [Buffer.alloc(65_536, 'a'), Buffer.alloc(20_000, 'b')];
    const body = new WholeBody(pieces);
    const { digest } = body;
    body.release();
    expect(pieces.map(({ length }) => length)).toEqual([0, 0]);
    expect([body.digest, body.length]).toEqual([digest, 85_536]);
  });

  test('leaves alone what shares its memory with others', () => {
    const read = Buffer.alloc(65_536, 'a');
    const pieces = [read.subarray(0, 40_000), Buffer.from('short')];
    new WholeBody(pieces).release();
    expect([...pieces, read].map(({ length }) => length)).toEqual([40_000, 5, 65_536]);
  });
});
