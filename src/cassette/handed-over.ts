/**
 * Bodies of exchanges as they cross between threads: a copy of exactly their bytes, whose memory is handed over. What
 * arrives is a plain Uint8Array, to be made a Buffer again.
 */
import { compact } from '../response/entry.ts';
import type { RecordedExchange, RecordedRequest } from './recorded-exchange.ts';

/** In memory of its own, which is not of Node's shared pool. */
export function ownBody(body: Buffer): Buffer {
  return compact([body], body.length);
}

export function unpackBody({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

export function unpackRequest(request: RecordedRequest): RecordedRequest {
  return { ...request, body: unpackBody(request.body) };
}

export function packExchange({ request, answer, sample }: RecordedExchange): RecordedExchange {
  return {
    request: { ...request, body: ownBody(request.body) },
    answer: { ...answer, body: ownBody(answer.body) },
    sample,
  };
}

export function unpackExchange({ request, answer, sample }: RecordedExchange): RecordedExchange {
  return { request: unpackRequest(request), answer: { ...answer, body: unpackBody(answer.body) }, sample };
}

/** The memory of an exchange that was packed. */
export function memoryOfExchange({ request, answer }: RecordedExchange): ArrayBuffer[] {
  return [request.body.buffer as ArrayBuffer, answer.body.buffer as ArrayBuffer];
}
