/**
 * A file of requests, in the input form of OpenAI's Batch API. All of it is looked through before anything is asked,
 * then it is read again as it is asked.
 */
import { statSync } from 'node:fs';
import { ConfigError, reasonOf } from '../errors.ts';
import { type BatchRequest, MalformedLine, readBatchRequest } from './batch-request.ts';
import { type JsonLine, jsonLines } from './json-lines.ts';

/** How many malformed lines are named. */
const NAMED = 5;

export class BatchFile {
  readonly path: string;
  readonly #longest: number;

  /** @param longest that a line may be, in bytes */
  constructor(path: string, longest: number) {
    this.path = path;
    this.#longest = longest;
  }

  /** @returns how many requests there are. @throws ConfigError that names what is malformed */
  async check(): Promise<number> {
    this.#refuseUnlessFile();
    const places = new Map<string, number>();
    const faults: string[] = [];
    let faulty = 0;
    for await (const line of jsonLines(this.path, this.#longest)) {
      const fault = faultOf(line, places);
      if (fault === null) continue;
      faulty++;
      if (faults.length < NAMED) faults.push(`line ${line.number} ${fault}`);
    }
    if (faulty > NAMED) faults.push(`${faulty - NAMED} more`);
    if (faulty > 0) throw new ConfigError(`${this.path} is asked nothing of: ${faults.join('; ')}`);
    if (places.size === 0) throw new ConfigError(`${this.path} has no request in it`);
    return places.size;
  }

  async *requests(): AsyncGenerator<BatchRequest, void, undefined> {
    for await (const line of jsonLines(this.path, this.#longest)) yield readBatchRequest(line);
  }

  #refuseUnlessFile(): void {
    try {
      if (statSync(this.path).isFile()) return;
    } catch (error) {
      throw new ConfigError(`${this.path} cannot be read (${reasonOf(error)})`);
    }
    // It is read twice.
    throw new ConfigError(`${this.path} is no plain file`);
  }
}

/** @param places of each `custom_id` so far; that of this line is added */
function faultOf(line: JsonLine, places: Map<string, number>): string | null {
  try {
    const { customId } = readBatchRequest(line);
    const before = places.get(customId);
    if (before !== undefined) return `has the custom_id of line ${before}`;
    places.set(customId, line.number);
    return null;
  } catch (error) {
    if (error instanceof MalformedLine) return error.message;
    throw error;
  }
}
