/**
 * Bodies that are large or odd pass, and take little memory on their way: the same
 * tests at any size.
 */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { CHAT, chatAnswer, chatChunk } from '../harness/answers.ts';
import { digestOf, MB, open, pour, repeated, send } from './proxy-process.ts';

export interface Sizes {
  /** Bytes of a JSON body with an image in base64. */
  readonly json: number;
  /** Bytes of an upload. */
  readonly upload: number;
  /** Bytes of a streamed answer to one reader. */
  readonly answer: number;
  /** Bytes of a streamed answer to many, how many never read it, and how many do. */
  readonly shared: { readonly bytes: number; readonly stalled: number; readonly readers: number };
  /** Told of each growth that was measured. */
  readonly tell?: (what: string) => void;
}

const CHUNK = Buffer.alloc(65_536, 'iVBORw0K');
const BINARY = Buffer.from(Uint8Array.from({ length: 65_536 }, (_, index) => index % 256));
const EVENT = Buffer.from(chatChunk({ content: 'x'.repeat(4_000) }));
const LAST = `${chatChunk({}, 'stop')}data: [DONE]\n\n`;

const answerJson = (response: import('node:http').ServerResponse) =>
  response.writeHead(200, { 'content-type': 'application/json' }).end(chatAnswer());

export function passAtThese({ json, upload, answer, shared, tell }: Sizes): void {
  const expectBelow = (limit: number, growth: number, what: string) => {
    tell?.(`${what}: grew by ${(growth / MB).toFixed(1)} MB`);
    expect(growth).toBeLessThan(limit);
  };

  describe('a large request', () => {
    const body = () => repeated(json, CHUNK, '{"model":"m","messages":[{"role":"user","content":"', '"}]}');
    const length = String([...body()].reduce((sum, chunk) => sum + chunk.length, 0));

    test.each([
      ['of known length', { 'content-length': length }],
      ['in chunks', {}],
      ['that expects 100-continue', { 'content-length': length, expect: '100-continue' }],
    ] as const)(`of ${json / MB} MB of JSON, %s, passes byte for byte`, async (how, headers) => {
      const proxy = await open(answerJson);
      const limit = 32 * MB + ('content-length' in headers ? 0 : 48 * MB);
      const growth = await proxy.growth(async () => {
        const { sent, answer: got } = await send(proxy.url + CHAT, body(), headers);
        expect(got).toMatchObject({
          status: 200,
          headers: { 'cache-status': 'refrain; fwd=bypass; detail=large-request' },
        });
        expect(proxy.received).toMatchObject([sent]);
      });
      expectBelow(limit, growth, `${json / MB} MB of JSON ${how}`);
    });

    test(`of ${upload / MB} MB of multipart passes byte for byte`, async () => {
      const proxy = await open(answerJson);
      const parts = repeated(
        upload,
        BINARY,
        '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n',
        '\r\n--b--\r\n',
      );
      const growth = await proxy.growth(async () => {
        const { sent } = await send(`${proxy.url}/v1/files`, parts, {
          'content-type': 'multipart/form-data; boundary=b',
        });
        expect(proxy.received).toMatchObject([sent]);
      });
      expectBelow(32 * MB, growth, `${upload / MB} MB of multipart`);
    });

    test('above the limit is refused in JSON', async () => {
      const proxy = await open(answerJson, ['--max-request-bytes', '1MB']);
      const { answer: got } = await send(proxy.url + CHAT, [], { 'content-length': String(2 * MB) }).catch(() => ({
        answer: null,
      }));
      expect(got === null || got.status === 413).toBe(true);
      expect(proxy.received).toEqual([]);
    });
  });

  test(`a streamed answer of ${answer / MB} MB passes at the reader's pace`, async () => {
    let sent: { bytes: number; sha256: string } | undefined;
    const proxy = await open(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      sent = await pour(response, repeated(answer, EVENT, '', LAST));
    });
    const growth = await proxy.growth(async () => {
      const { answer: got } = await send(proxy.url + CHAT, [Buffer.from('{"model":"m","stream":true}')]);
      expect(got).toMatchObject({ status: 200, ...sent });
    });
    expectBelow(48 * MB, growth, `a stream of ${answer / MB} MB`);
  });

  const crowd = `${shared.stalled} clients that never read a stream of ${shared.bytes / MB} MB`;
  test(`${crowd} cost little, and hinder none of ${shared.readers} that do`, async () => {
    let sent: { bytes: number; sha256: string } | undefined;
    let start = () => {};
    const started = new Promise<void>((resolve) => (start = resolve));
    const proxy = await open(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      await started;
      sent = await pour(response, repeated(shared.bytes, EVENT, '', LAST));
    });
    const join = async () => {
      const outgoing = request(proxy.url + CHAT, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        agent: false,
      });
      outgoing.on('error', () => {});
      outgoing.end('{"model":"m","stream":true}');
      const [message] = (await once(outgoing, 'response')) as [IncomingMessage];
      return message;
    };
    const joinAll = async (count: number) => Promise.all(Array.from({ length: count }, join));
    const readers = await joinAll(shared.readers);
    const stalled = await joinAll(shared.stalled);
    for (const message of stalled) message.on('error', () => {}).pause();
    const growth = await proxy.growth(async () => {
      start();
      for (const got of await Promise.all(readers.map(digestOf))) expect(got).toMatchObject({ status: 200, ...sent });
    });
    expectBelow(
      300 * MB,
      growth,
      `a stream of ${shared.bytes / MB} MB to ${shared.readers} readers and ${shared.stalled} that never read`,
    );
    expect(proxy.received).toHaveLength(1);
    for (const message of stalled) message.destroy();
  });
}
