/**
 * The exchanges of a cassette as they are listed: by number, in the order of the file, with the key that clients see.
 */
import { type CassetteContent, readCassette } from '../cassette/cassette-file.ts';
import { ExchangeKeyer } from '../cassette/exchange-key.ts';
import type { RecordedExchange } from '../cassette/recorded-exchange.ts';
import { usedInLastRun } from '../cassette/use-marks.ts';
import type { Config } from '../config/config.ts';
import { questionWords } from '../request/question-words.ts';
import { sampleKey } from '../store/sample-key.ts';
import { exchangeKeyOptions } from '../stores.ts';

export interface CassetteRow {
  /** From 1 on. */
  readonly number: number;
  readonly key: string;
  readonly sample: number;
  readonly upstream: string | null;
  readonly method: string;
  readonly path: string;
  readonly model: string | null;
  /** The first words of what is asked; null where there are none. */
  readonly question: string | null;
  readonly status: number;
  /** Of the answer's body. */
  readonly bytes: number;
  /** In the last run; null where no run is known. */
  readonly used: boolean | null;
}

export interface ListedExchange {
  readonly row: CassetteRow;
  readonly exchange: RecordedExchange;
  readonly digest: string;
}

/** With what is pending. @throws CassetteError */
export function readRows(file: string, config: Config): readonly ListedExchange[] {
  return rowsOf(readCassette(file), config, usedInLastRun(file));
}

function rowsOf(
  { documents }: CassetteContent,
  config: Config,
  used: ReadonlySet<string> | null,
): readonly ListedExchange[] {
  const keyer = new ExchangeKeyer(exchangeKeyOptions(config));
  return documents.map(({ exchange, digest }, at) => {
    const { request, answer, sample } = exchange;
    const { key, request: stored } = keyer.key(request);
    const row = {
      number: at + 1,
      key: sampleKey(key, sample),
      sample,
      upstream: request.upstream,
      method: request.method,
      path: request.path,
      model: stored?.model ?? modelIn(request.body),
      question: stored && questionWords(stored.endpoint, request.body.toString()),
      status: answer.head.status,
      bytes: answer.body.length,
      used: used === null ? null : used.has(digest),
    };
    return { row, exchange, digest };
  });
}

/** Of a request that is named exactly: for people, and no part of a key. */
function modelIn(body: Buffer): string | null {
  try {
    const { model } = JSON.parse(body.toString());
    return typeof model === 'string' ? model : null;
  } catch {
    return null;
  }
}
