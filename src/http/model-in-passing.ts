/**
 * The model that a request names in a body that is not read, found as it
 * passes: for the books, in which a request has one model however it is
 * answered.
 */
import type { IncomingMessage } from 'node:http';
import { ModelScan } from '../request/model.ts';
import type { ParsedHead } from '../request/parsed-head.ts';
import type { RequestContext } from './response-headers.ts';

/** @param begun what has been read of it already */
export function lookForModel(
  request: IncomingMessage,
  { coding }: ParsedHead,
  context: RequestContext,
  begun: readonly Buffer[] = [],
): void {
  if (coding !== null) return;
  const scan = new ModelScan();
  const look = (chunk: Buffer) => {
    scan.push(chunk);
    context.model ??= scan.model;
    if (scan.model !== null) request.off('data', look);
  };
  begun.forEach(look);
  if (scan.model !== null) return;
  // Not `on`, which would have the body flow before anybody takes it.
  request.prependListener('data', look);
}
