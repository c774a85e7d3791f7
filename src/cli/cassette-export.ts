/**
 * `refrain cassette export`: writes the exchanges of a cassette as JSON Lines, or puts their answers into a store,
 * where each is keyed afresh from its request, in the scope that is named.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { readCassette } from '../cassette/cassette-file.ts';
import { formatOf } from '../cassette/formats/foreign-file.ts';
import { exchangeLine } from '../cassette/formats/json-lines.ts';
import type { SkippedPart } from '../cassette/formats/foreign-exchange.ts';
import type { RecordedExchange } from '../cassette/recorded-exchange.ts';
import type { CassetteCommand } from '../config/cassette-command.ts';
import { scopeName } from '../config/value-types.ts';
import { readValue } from '../config/raw-value.ts';
import { ConfigError } from '../errors.ts';
import { inertJson, inertLine } from '../console/escape.ts';
import { formatCount } from '../console/format.ts';
import { CommandError } from './failure.ts';
import type { Output } from './output.ts';

type ExportCommand = CassetteCommand & { readonly action: 'export' };

/** @returns the exit code: 1 where something was left out */
export async function exportCassette(command: ExportCommand, output: Output): Promise<number> {
  const { file, to, scope, json, dryRun } = command;
  const exchanges = readCassette(file).documents.map(({ exchange }) => exchange);
  const isLines = /\.(?:jsonl|ndjson)$/i.test(to);
  if (isLines && scope !== null) throw new ConfigError('--scope is of a store; JSON Lines have none');
  if (!isLines && scope === null)
    throw new ConfigError(`${to} does not end in .jsonl; to export into a store, name the scope by --scope`);
  const work = scope === null ? exportLines(exchanges, to, dryRun) : intoStore(exchanges, scope, command);
  const leftOut = await work;
  if (!json) for (const { place, why } of leftOut) output.note(`left out: ${inertLine(`${place}: ${why}`)}`);
  const exported = exchanges.length - leftOut.length;
  const said = `${formatCount(exported)}, left out ${formatCount(leftOut.length)}`;
  output.print(json ? inertJson({ exported, leftOut, dryRun }) : `${dryRun ? 'would export' : 'exported'} ${said}`);
  return leftOut.length > 0 ? 1 : 0;
}

/** @throws CommandError where the file is there already */
function exportLines(exchanges: readonly RecordedExchange[], to: string, dryRun: boolean): readonly SkippedPart[] {
  if (existsSync(to)) throw new CommandError(`${to} is there already; remove it, or name another`);
  const text = exchanges.map((exchange) => `${exchangeLine(exchange)}\n`).join('');
  if (!dryRun) writeFileSync(to, text, { flag: 'wx' });
  return [];
}

/** Through a proxy of this process, which is answered from the cassette: it keeps what it would of a live answer. */
async function intoStore(
  exchanges: readonly RecordedExchange[],
  scope: string,
  { to, config, dryRun }: ExportCommand,
): Promise<readonly SkippedPart[]> {
  const shared = readValue({ name: '--scope', value: scope.replace(/^shared:/, '') }, scopeName);
  if (existsSync(to) && formatOf(await readStart(to)) !== 'sqlite') throw new ConfigError(`${to} is no store`);
  const { createCachedFetch } = await import('../fetch/cached-fetch.ts');
  const { upstream, upstreams, dialect, doneMarker, noStore, key, bypass, keep, ttl, maxTtl, maxEntryBytes } = config;
  let playing: RecordedExchange | undefined;
  const cached = createCachedFetch({
    ...{ upstream, upstreams, dialect, doneMarker, noStore, key, bypass, keep, ttl, maxTtl, maxEntryBytes },
    logLevel: 'silent',
    store: { ...config.store, path: dryRun ? null : to },
    scope: { ...config.scope, shared, members: ['*'] },
    fetch: async () => (playing === undefined ? Response.error() : responseOf(playing)),
  });
  const leftOut: SkippedPart[] = [];
  try {
    for (const [at, exchange] of exchanges.entries()) {
      playing = exchange;
      const why = exchange.sample > 1 ? 'a store has one answer to a request' : await put(exchange, cached, config);
      if (why !== null) leftOut.push({ place: `exchange ${at + 1}`, why });
    }
  } finally {
    await cached.close();
  }
  return leftOut;
}

/** @returns why it is not kept, or null */
async function put(
  { request, answer }: RecordedExchange,
  cached: typeof fetch,
  { upstream, upstreams }: ExportCommand['config'],
): Promise<string | null> {
  const base = request.upstream === null ? upstream : upstreams[request.upstream]?.url;
  if (base === undefined) return `no upstream is named ${request.upstream}`;
  const url = `${base}${request.path}${request.query === '' ? '' : `?${request.query}`}`;
  const { method, body } = request;
  const ask = async (control: Record<string, string>) => {
    const headers = new Headers({ 'content-type': 'application/json', ...control });
    for (const [name, lines] of Object.entries(request.headers)) headers.set(name, lines.replaceAll('\n', ', '));
    const response = await cached(url, { method, headers, ...(body.length > 0 && { body: new Uint8Array(body) }) });
    return { response, body: Buffer.from(await response.arrayBuffer()) };
  };
  await ask({});
  const again = await ask({ 'cache-control': 'only-if-cached' });
  const isKept = again.response.status === answer.head.status && again.body.equals(answer.body);
  return isKept
    ? null
    : 'a store does not keep it: it is an error, is not whole, or is of a request that is not cached';
}

function responseOf({ answer: { head, body } }: RecordedExchange): Response {
  const headers = new Headers();
  for (let at = 0; at + 1 < head.headers.length; at += 2)
    headers.append(head.headers[at] as string, head.headers[at + 1] as string);
  const isEmpty = body.length === 0 || [204, 205, 304].includes(head.status);
  return new Response(isEmpty ? null : new Uint8Array(body), { status: head.status, headers });
}

async function readStart(path: string): Promise<Buffer> {
  const { open } = await import('node:fs/promises');
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
