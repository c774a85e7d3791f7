import { createDecipheriv, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Encryption, isSealed, SEALED_BYTES } from '../../src/store/encryption.ts';

const SECRET = Buffer.alloc(32, 1);
const encryption = new Encryption(SECRET);
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: 'binary', maxLength: 60 });

describe('a sealed text', () => {
  test('opens under its key and beside its clear text, in another process too', () => {
    fc.assert(
      fc.property(text, text, bytes, (key, clear, plain) => {
        const sealed = encryption.seal(key, clear, plain);
        expect(isSealed(sealed)).toBe(true);
        expect(sealed.length).toBe(plain.length + SEALED_BYTES);
        expect(new Encryption(SECRET).open(key, clear, sealed)).toEqual(plain);
        // As it crosses threads: a plain array, in memory that holds more.
        const within = new Uint8Array([9, ...sealed, 9]).subarray(1, -1);
        expect(encryption.open(key, Buffer.from(clear), within)).toEqual(plain);
      }),
    );
  });

  test('opens under no other key and beside no other clear text', () => {
    fc.assert(
      fc.property(text, text, text, bytes, (key, clear, other, plain) => {
        const sealed = encryption.seal(key, clear, plain);
        if (other !== key) expect(encryption.open(other, clear, sealed)).toBe('altered');
        if (!Buffer.from(other).equals(Buffer.from(clear))) expect(encryption.open(key, other, sealed)).toBe('altered');
      }),
    );
  });

  test('does not open where any bit of it is another', () => {
    const sealed = encryption.seal('key', 'clear', Buffer.from('answer'));
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(['altered', 'other-secret'], `bit ${bit}`).toContain(encryption.open('key', 'clear', changed));
    }
  });

  test('does not open where it is cut or run into another', () => {
    const sealed = encryption.seal('key', 'clear', Buffer.from('answer'));
    for (let length = 0; length < sealed.length; length += 1)
      expect(encryption.open('key', 'clear', sealed.subarray(0, length)), `of ${length} bytes`).toBe('altered');
    expect(encryption.open('key', 'clear', Buffer.concat([sealed, sealed]))).toBe('altered');
  });

  test('does not open under another secret, and says that it is that', () => {
    const sealed = encryption.seal('key', 'clear', Buffer.from('answer'));
    expect(new Encryption(Buffer.alloc(32, 2)).open('key', 'clear', sealed)).toBe('other-secret');
  });

  test('is another each time, and holds nothing of the text or the secret', () => {
    const plain = Buffer.alloc(64, 'answer');
    const [one, other] = [encryption.seal('key', '', plain), encryption.seal('key', '', plain)] as const;
    expect(one.equals(other)).toBe(false);
    for (const word of ['answer', SECRET.subarray(0, 4)]) expect(one.includes(word)).toBe(false);
  });
});

test('the key of the cipher is what HKDF derives', () => {
  // The same text, opened by hand.
  const sealed = encryption.seal('key', 'clear', Buffer.from('answer'));
  const key = hkdfSync('sha256', SECRET, 'refrain: encryption at rest', '["entry","key"]', 32);
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(key), sealed.subarray(13, 25));
  decipher.setAAD(Buffer.concat([sealed.subarray(0, 13), Buffer.from('clear')]));
  decipher.setAuthTag(sealed.subarray(-16));
  expect(Buffer.concat([decipher.update(sealed.subarray(25, -16)), decipher.final()]).toString()).toBe('answer');
});

test('the digest of an id is the same for the same id and secret, and for no other', () => {
  const digest = encryption.digestOf('chatcmpl-1');
  expect(new Encryption(SECRET).digestOf('chatcmpl-1')).toBe(digest);
  expect(encryption.digestOf('chatcmpl-2')).not.toBe(digest);
  expect(new Encryption(Buffer.alloc(32, 2)).digestOf('chatcmpl-1')).not.toBe(digest);
  expect(digest).not.toContain('chatcmpl');
});
