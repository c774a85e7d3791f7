/**
 * Encryption at rest: what is kept under a key, sealed so that only the secret opens it, and only under that key and
 * beside the clear text that it was sealed with.
 *
 *   magic 4 │ version 1 │ seal 8 │ nonce 12 │ ciphertext │ tag 16
 *
 * AES-256-GCM, under a cipher key that HKDF-SHA256 derives from the secret and the key, so that random nonces would
 * have to meet among the writes of one entry. The tag covers all that precedes it and the clear text: a sealed text
 * that was changed, or moved under another key or label, does not open. The seal names the secret and says nothing of
 * it: text under another secret is told from text that is damaged.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

/** Why a sealed text does not open. */
export type Unopened = 'other-secret' | 'altered';

const SALT = 'refrain: encryption at rest';
const CIPHER = 'aes-256-gcm';
const OPENING = Buffer.from('RFRS\x01', 'latin1');
const SEAL_BYTES = 8;
const NONCE_AT = OPENING.length + SEAL_BYTES;
const NONCE_BYTES = 12;
const TEXT_AT = NONCE_AT + NONCE_BYTES;
const TAG_BYTES = 16;

/** How many bytes longer a text is once it is sealed. */
export const SEALED_BYTES = TEXT_AT + TAG_BYTES;

/** Tests whether these bytes were sealed, by whichever secret. */
export function isSealed(bytes: Uint8Array): boolean {
  return OPENING.every((byte, at) => bytes[at] === byte);
}

export class Encryption {
  /** Extracted from the secret by HKDF (RFC 5869, 2.2). */
  readonly #derivation: KeyObject;
  /** The opening of all that this secret seals. */
  readonly #opening: Buffer;
  readonly #answerKey: KeyObject;

  constructor(secret: Uint8Array) {
    this.#derivation = createSecretKey(createHmac('sha256', SALT).update(secret).digest());
    this.#opening = Buffer.concat([OPENING, this.#derive('seal', '').subarray(0, SEAL_BYTES)]);
    this.#answerKey = createSecretKey(this.#derive('answer id', ''));
  }

  /** @param clear stands beside the sealed text and can be read by anybody; it opens with no other */
  seal(key: string, clear: string | Uint8Array, text: Uint8Array): Buffer {
    const sealed = Buffer.allocUnsafeSlow(text.length + SEALED_BYTES);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#derive('entry', key), nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(this.#opening);
    cipher.setAAD(Buffer.from(clear as string));
    sealed.set(this.#opening);
    sealed.set(nonce, NONCE_AT);
    sealed.set(cipher.update(text), TEXT_AT);
    cipher.final();
    sealed.set(cipher.getAuthTag(), TEXT_AT + text.length);
    return sealed;
  }

  /** @param clear as it was given to `seal` */
  open(key: string, clear: string | Uint8Array, sealed: Uint8Array): Buffer | Unopened {
    const textEnd = sealed.length - TAG_BYTES;
    if (textEnd < TEXT_AT || !isSealed(sealed)) return 'altered';
    if (!this.#opening.equals(sealed.subarray(0, NONCE_AT))) return 'other-secret';
    const nonce = sealed.subarray(NONCE_AT, TEXT_AT);
    const decipher = createDecipheriv(CIPHER, this.#derive('entry', key), nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(this.#opening);
    decipher.setAAD(Buffer.from(clear as string));
    decipher.setAuthTag(sealed.subarray(textEnd));
    const text = decipher.update(sealed.subarray(TEXT_AT, textEnd));
    try {
      decipher.final();
      return text;
    } catch {
      return 'altered';
    }
  }

  /** Stands for an answer's id where anybody can read it; the same for the same id. */
  digestOf(answerId: string): string {
    return `hmac:${createHmac('sha256', this.#answerKey).update(answerId).digest('base64url')}`;
  }

  /** Expanded by HKDF (RFC 5869, 2.3) to 32 bytes, which is one block of it. */
  #derive(use: string, key: string): Buffer {
    return createHmac('sha256', this.#derivation)
      .update(`${JSON.stringify([use, key])}\x01`)
      .digest();
  }
}
