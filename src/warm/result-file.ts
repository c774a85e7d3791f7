/**
 * The answers, in the result form of OpenAI's Batch API, one line each as they come. A file that is there is gone on
 * with: what was answered stays and is not written again, a failure is dropped to be written anew, and a line that was
 * half written when its writer ended is dropped too.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, realpathSync, renameSync, statSync, writeSync } from 'node:fs';
import { ConfigError } from '../errors.ts';
import { isObject, parse } from '../response/json.ts';
import type { ProxyAnswer, Unanswered } from './batch-client.ts';
import type { BatchRequest } from './batch-request.ts';
import { jsonLines } from './json-lines.ts';

/** A line of a file of ours may be as long as an answer; that of a stranger is not held. */
const LONGEST = 512 * 1024 * 1024;

/** Of each line that is written here. */
const BEGINNING = '{"id":"batch_req_';

const LINE_BREAK = /[\r\n]+/g;

export class ResultFile {
  readonly #file: number;
  readonly #finished: Set<string>;

  private constructor(file: number, finished: Set<string>) {
    this.#file = file;
    this.#finished = finished;
  }

  /** @throws ConfigError where there is a file that holds something else */
  static async open(path: string): Promise<ResultFile> {
    const finished = existsSync(path) ? await mend(path) : new Set<string>();
    return new ResultFile(openSync(path, 'a'), finished);
  }

  write({ customId }: BatchRequest, answer: ProxyAnswer | Unanswered): void {
    if (this.#finished.has(customId)) return;
    if (isSuccess(answer)) this.#finished.add(customId);
    writeSync(this.#file, `${lineOf(customId, answer)}\n`);
  }

  close(): void {
    fsyncSync(this.#file);
    closeSync(this.#file);
  }
}

export function isSuccess(answer: ProxyAnswer | Unanswered): answer is ProxyAnswer {
  return 'status' in answer && answer.status >= 200 && answer.status < 300;
}

function lineOf(customId: string, answer: ProxyAnswer | Unanswered): string {
  const head = `${BEGINNING}${randomUUID().replaceAll('-', '')}","custom_id":${JSON.stringify(customId)}`;
  if ('error' in answer) {
    return `${head},"response":null,"error":${JSON.stringify({ code: 'unanswered', message: answer.error })}}`;
  }
  const { status, header } = answer;
  const requestId = header('x-request-id') ?? header('x-refrain-request-id') ?? null;
  const response = `{"status_code":${status},"request_id":${JSON.stringify(requestId)},"body":${bodyOf(answer)}}`;
  return `${head},"response":${response},"error":null}`;
}

/** JSON by its own text, on one line; a stream, or what is no JSON, as a text. */
function bodyOf({ body }: ProxyAnswer): string {
  const text = body.toString();
  return parse(text) === undefined ? JSON.stringify(text) : text.replace(LINE_BREAK, ' ').trim();
}

/** @returns the `custom_id` of all that was answered; what is to be written anew is out of the file */
async function mend(path: string): Promise<Set<string>> {
  const finished = new Set<string>();
  let isToRewrite = false;
  for await (const { number, bytes, isEnded } of jsonLines(path, LONGEST)) {
    const text = bytes?.toString() ?? '';
    const result = parse(text);
    const id = resultId(result);
    if (id === null && (isEnded || !isBeginning(text))) {
      throw new ConfigError(`${path} is not written to: its line ${number} is no result`);
    }
    if (isFinished(result)) finished.add(id as string);
    isToRewrite ||= !isEnded || !isFinished(result);
  }
  if (isToRewrite) await rewrite(path);
  return finished;
}

/**
 * With successes alone, by a file beside it, so that a kill leaves the one or the other. Who may read it stays, and so
 * does a link to it.
 */
async function rewrite(path: string): Promise<void> {
  const place = realpathSync(path);
  const beside = `${place}.new`;
  const file = openSync(beside, 'w', statSync(place).mode);
  for await (const { bytes } of jsonLines(path, LONGEST)) {
    const text = bytes?.toString() ?? '';
    if (isFinished(parse(text))) writeSync(file, `${text}\n`);
  }
  fsyncSync(file);
  closeSync(file);
  renameSync(beside, place);
}

/** Tests whether this is as much of a line of ours as was written. */
function isBeginning(text: string): boolean {
  return text.startsWith(BEGINNING) || BEGINNING.startsWith(text);
}

/** Null of what is no result. */
function resultId(result: unknown): string | null {
  return isObject(result) && typeof result.custom_id === 'string' && 'response' in result ? result.custom_id : null;
}

function isFinished(result: unknown): boolean {
  const status = isObject(result) && isObject(result.response) ? result.response.status_code : null;
  return typeof status === 'number' && status >= 200 && status < 300;
}
