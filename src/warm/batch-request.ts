/**
 * A request as a line of OpenAI's Batch API has it: `{"custom_id", "method", "url", "body"}`. The body stays the text
 * that it is in the line, since the key of an answer is made of that.
 */
import { isUtf8 } from 'node:buffer';
import { type JsonTree, readTree } from '../request/tree.ts';
import { withoutByteOrderMark } from '../response/byte-order-mark.ts';
import type { JsonLine } from './json-lines.ts';

export interface BatchRequest {
  /** Of its line, counted from 1. */
  readonly line: number;
  readonly customId: string;
  /** The path, such as `/v1/chat/completions`. */
  readonly url: string;
  readonly body: string;
}

/** The fault of a line, as the end of a sentence about it. */
export class MalformedLine extends Error {}

/** @throws MalformedLine */
export function readBatchRequest({ number, bytes }: JsonLine): BatchRequest {
  if (bytes === null) throw new MalformedLine('is too long');
  if (!isUtf8(bytes)) throw new MalformedLine('is not UTF-8');
  const members = membersOf(withoutByteOrderMark(bytes.toString()));
  const customId = textOf(members.get('custom_id'));
  const url = textOf(members.get('url'));
  const body = members.get('body');
  if (!customId) throw new MalformedLine('has no custom_id; that is a text of its own on each line');
  if (textOf(members.get('method')) !== 'POST') throw new MalformedLine('has another method than "POST"');
  if (!url || !/^\/[!-~]+$/.test(url)) {
    throw new MalformedLine('has no url that is a path, such as "/v1/chat/completions"');
  }
  if (!body?.members) throw new MalformedLine('has no body that is an object');
  return { line: number, customId, url, body: body.text };
}

function membersOf(text: string): ReadonlyMap<string, JsonTree> {
  try {
    const { tree, rest } = readTree(text);
    if (tree.members && rest.trim() === '') return tree.members;
  } catch {
    // Said below.
  }
  throw new MalformedLine('is no JSON object');
}

/** Of a JSON string; null of anything else. */
function textOf(tree: JsonTree | undefined): string | null {
  return tree?.text.startsWith('"') ? (JSON.parse(tree.text) as string) : null;
}
