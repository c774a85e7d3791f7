/**
 * The model that a request names in a body that is not read for its key, found
 * as the body passes: for the usage ledger, in which a request has one model
 * however it is answered.
 */
import { ModelScan } from '../request/model.ts';
import { WholeBody } from '../request/whole-body.ts';
import type { PassingBody } from './passing-body.ts';
import type { RequestContext } from './request-context.ts';

export function lookForModel(body: WholeBody | PassingBody | null, context: RequestContext): void {
  if (body === null) return;
  if (body instanceof WholeBody) {
    context.model = ModelScan.modelIn(body.bytes);
    return;
  }
  const { stream } = body;
  const scan = new ModelScan();
  const look = (chunk: Buffer) => {
    scan.push(chunk);
    context.model ??= scan.model;
    if (scan.model !== null) stream.off('data', look);
  };
  // Not `on`, which would have the body flow before anybody takes it.
  stream.prependListener('data', look);
}
