/**
 * The upstream of a proxy that is offline: it opens no socket, asks no name server and loads no HTTP client. Nothing
 * asks it either; it is there so that nothing can.
 */
import { notCached } from '../errors.ts';
import type { Writer } from '../response/writer.ts';
import type { UpstreamRequest } from './request.ts';
import type { Upstream } from './upstream.ts';

export class OfflineUpstream implements Upstream {
  send({ method, path }: UpstreamRequest, writer: Writer): void {
    writer.fail({ error: notCached(`${method} ${path}`), alreadySent: false });
  }

  async prepare(): Promise<void> {}

  async close(): Promise<void> {}
}
