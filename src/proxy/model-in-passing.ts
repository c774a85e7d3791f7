/**
 * The model that a request names in a body that is not read for its key, found
 * as the body passes: for the usage ledger, in which a request has one model
 * however it is answered. Of a body that is compressed, its beginning is read.
 */
import { decodeShort, MOST_ENCODED } from '../coding.ts';
import { ModelScan } from '../request/model.ts';
import { WholeBody } from '../request/whole-body.ts';
import type { PassingBody } from './passing-body.ts';
import type { RequestContext } from './request-context.ts';

/** @param coding that it comes in; null for none */
export function lookForModel(
  body: WholeBody | PassingBody | null,
  coding: string | null,
  context: RequestContext,
): void {
  if (body === null) return;
  if (!(body instanceof WholeBody)) return watch(body, coding, context);
  const { bytes } = body;
  context.model = ModelScan.modelIn(coding === null ? bytes : decodeShort(bytes.subarray(0, MOST_ENCODED), coding));
}

function watch({ stream }: PassingBody, coding: string | null, context: RequestContext): void {
  const scan = new ModelScan();
  const begun: Buffer[] = [];
  let left = MOST_ENCODED;
  const read = () => {
    stream.off('data', look).off('end', read);
    if (coding !== null) scan.push(decodeShort(Buffer.concat(begun), coding));
    context.model ??= scan.model;
  };
  const look = (chunk: Buffer) => {
    if (coding === null) scan.push(chunk);
    // A copy, so as not to hold what it was read into.
    else begun.push(Buffer.from(chunk.subarray(0, left)));
    left -= chunk.length;
    if (scan.model !== null || (coding !== null && left <= 0)) read();
  };
  // Not `on`, which would have the body flow before anybody takes it.
  stream.prependListener('data', look);
  if (coding !== null) stream.prependListener('end', read);
}
