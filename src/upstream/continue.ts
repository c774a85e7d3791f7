/**
 * `100 Continue` that nobody asked for: servers may send it before any answer
 * (RFC 9110, 15.2), and undici takes it for a failure. So it is taken out of
 * what a socket reads, before the answer to each request on it.
 */
import type { Socket } from 'node:net';

/** As much of a status line as tells of which kind it is. */
const TELLING = 'HTTP/1.1 100'.length;
/** The bytes after a 101 are another protocol's. */
const INFORMATIONAL = /^HTTP\/1\.[01] 1(?!01)\d\d/;
const VERSION = 'HTTP/1.';
const HEAD_END = /\r?\n\r?\n/;

/** More than a server says before its answer; beyond it undici may judge. */
const MOST = 64 * 1024;

/** The reading end of a socket. Open, it lets everything through. */
export class ContinueGate {
  #isOpen = true;
  #held: Buffer | null = null;

  constructor(socket: Socket) {
    const read = socket.read.bind(socket);
    const readThrough = (size?: number) => {
      for (let chunk = read(size); ; chunk = read(size)) {
        if (chunk === null || this.#isOpen) return chunk;
        const passed = this.#pass(chunk);
        if (passed.length > 0) return passed;
      }
    };
    socket.read = readThrough;
  }

  /** A request is sent: until its answer begins, `100 Continue` does not pass. */
  close(): void {
    this.#isOpen = false;
    this.#held = null;
  }

  /** As much of what has come as may be read now. */
  #pass(chunk: Buffer): Buffer {
    let bytes = this.#held === null ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = null;
    const passed: Buffer[] = [];
    while (bytes.length > 0) {
      const opening = bytes.toString('latin1', 0, TELLING);
      if (!mayBeInformational(opening)) {
        this.#isOpen = true;
        return passed.length === 0 ? bytes : Buffer.concat([...passed, bytes]);
      }
      const end = HEAD_END.exec(bytes.toString('latin1', 0, MOST));
      if (end === null) {
        if (bytes.length < MOST) this.#held = bytes;
        else passed.push(bytes);
        break;
      }
      const length = end.index + end[0].length;
      if (!opening.endsWith('100')) passed.push(bytes.subarray(0, length));
      bytes = bytes.subarray(length);
    }
    return Buffer.concat(passed);
  }
}

/** @param opening of a status line, as far as it has come, at most `TELLING` characters of it */
function mayBeInformational(opening: string): boolean {
  if (opening.length === TELLING) return INFORMATIONAL.test(opening);
  return VERSION.startsWith(opening.slice(0, VERSION.length));
}
