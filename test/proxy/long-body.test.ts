import { beforeEach, describe, expect, test } from 'vitest';
import { LongBody } from '../../src/proxy/long-body.ts';
import { WholeBody } from '../../src/request/whole-body.ts';

const LENGTH = 200_000;

describe('a long body on its way', () => {
  let piece: Buffer;
  let long: LongBody;

  beforeEach(() => {
    piece = Buffer.alloc(LENGTH, 'a');
    const body = new WholeBody([piece]);
    long = new LongBody(body);
    long.hold();
    // As its request does, once it is resolved.
    body.release();
  });

  const send = () => Buffer.concat([...long]).length;

  test('is held until it is sent and answered, and not until its answer is over', () => {
    expect(send()).toBe(LENGTH);
    expect(piece.length).toBe(LENGTH);
    long.answered(true);
    expect(piece.length).toBe(0);
  });

  test('can be sent once more before it is answered', () => {
    expect([send(), send()]).toEqual([LENGTH, LENGTH]);
  });

  test('is held on where it is answered before all of it is sent', () => {
    long.answered(false);
    expect(piece.length).toBe(LENGTH);
    expect(send()).toBe(LENGTH);
  });

  test('may be released any number of times', () => {
    send();
    long.answered(true);
    long.release();
    long.release();
    expect(piece.length).toBe(0);
  });

  test('is none where what it decodes to is short', () => {
    const encoded = new WholeBody([Buffer.alloc(LENGTH)]);
    encoded.decoded = new WholeBody([Buffer.from('{}')]);
    expect([LongBody.isLong(new WholeBody([Buffer.alloc(LENGTH)])), LongBody.isLong(encoded)]).toEqual([true, false]);
  });
});
