/**
 * Encryption as stores use it: new entries are sealed or not, as it is set, and each is read as it was written, so that
 * it can be turned on and off over entries of both kinds, and in a fleet node by node.
 */
import { Encryption, isSealed, type Unopened } from './encryption.ts';

/** The secret that a setting gives; also as it crosses to a thread. */
export interface SealingOptions {
  readonly secret: Uint8Array;
  /** True where new entries are sealed; else those that are can still be read. */
  readonly isOn: boolean;
}

export class Sealing {
  readonly #encryption: Encryption | null;
  /** True where new entries are sealed. */
  readonly isOn: boolean;
  readonly #onUnopened: (why: Unopened) => void;

  /**
   * @param options null where no setting gives a secret
   * @param onUnopened is called for all that does not open
   */
  constructor(options: SealingOptions | null = null, onUnopened: (why: Unopened) => void = () => {}) {
    this.#encryption = options && new Encryption(options.secret);
    this.isOn = options?.isOn ?? false;
    this.#onUnopened = onUnopened;
  }

  /** The bytes as they are to be written. @param clear stands beside them, and must when they are read */
  seal<Bytes extends Uint8Array>(key: string, clear: string | Uint8Array, text: Bytes): Bytes | Buffer {
    return this.#encryption && this.isOn ? this.#encryption.seal(key, clear, text) : text;
  }

  /** The bytes as they were given; or why they do not open: those under another secret may be wanted by others. */
  open<Bytes extends Uint8Array>(key: string, clear: string | Uint8Array, kept: Bytes): Bytes | Buffer | Unopened {
    if (!isSealed(kept)) return kept;
    const opened = this.#encryption?.open(key, clear, kept) ?? 'other-secret';
    if (typeof opened === 'string') this.#onUnopened(opened);
    return opened;
  }

  /** The id of an answer as it is to be written, where anybody can read it. */
  answerId(answerId: string | null): string | null {
    return this.isOn && answerId !== null ? (this.#encryption?.digestOf(answerId) ?? null) : answerId;
  }

  /** The id of an answer as it may have been written: as it is, and as this secret spells it. */
  spellings(answerId: string): [string, string] {
    return [answerId, this.#encryption?.digestOf(answerId) ?? answerId];
  }
}
