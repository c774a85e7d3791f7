import { describe, expect, test } from 'vitest';
import { Share } from '../../src/request/budget.ts';
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

describe('a body that several hold', () => {
  test('lives until the last of them releases it', () => {
    const piece = Buffer.alloc(65_536, 'a');
    const body = new WholeBody([piece]);
    body.hold();
    body.release();
    expect([piece.length, body.bytes.length]).toEqual([65_536, 65_536]);
    body.release();
    expect(piece.length).toBe(0);
    expect(() => body.bytes).toThrow('let go of');
  });

  test('gives back its room once, when the last of them does', () => {
    const share = new Share(100);
    share.take(5, 5);
    const body = new WholeBody([Buffer.from('12345')], undefined, share);
    body.hold();
    body.release();
    expect(share.held).toBe(5);
    body.release();
    expect(share.held).toBe(0);
  });

  test('takes what it decodes to with it', () => {
    const decoded = Buffer.alloc(65_536, 'b');
    const body = new WholeBody([Buffer.from('encoded')]);
    expect(body.plain).toBe(body);
    body.decoded = new WholeBody([decoded]);
    expect(body.plain).toBe(body.decoded);
    body.release();
    expect(decoded.length).toBe(0);
  });

  test('can be sent on without what it decodes to', () => {
    const decoded = Buffer.alloc(65_536, 'b');
    const body = new WholeBody([Buffer.from('encoded')]);
    body.decoded = new WholeBody([decoded]);
    body.dropDecoded();
    expect([decoded.length, body.plain, body.bytes.toString()]).toEqual([0, body, 'encoded']);
  });
});
