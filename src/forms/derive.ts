/**
 * One form of an answer from another: an entry from an entry, or nothing. A derived entry says to every client what its
 * source says; in doubt there is none, and the upstream is asked.
 */
import { isUtf8 } from 'node:buffer';
import type { Endpoint } from '../endpoint.ts';
import { type Entry, headerOf } from '../response/entry.ts';
import { isEventStream } from '../response/validator.ts';
import { deriveEntry, type DerivedBody } from './derived-entry.ts';
import { sourcesFor } from './form.ts';
import { foldChat, foldCompletion } from './fold-choices.ts';
import { foldMessage } from './fold-message.ts';
import { foldResponse } from './fold-response.ts';
import { Refusal, refuse, refuseIf } from './refusal.ts';
import { thinStream } from './thin-stream.ts';
import { unfoldChat } from './unfold-chat.ts';
import { unfoldCompletion } from './unfold-completion.ts';
import { unfoldMessage } from './unfold-message.ts';
import { unfoldResponse } from './unfold-response.ts';

/** The facts of a request that its answer does not show. */
export interface AnsweredRequest {
  readonly endpoint: Endpoint;
  /** False where the API would not stream such an answer: `best_of` above 1, or `echo` with `logprobs`. */
  readonly isStreamable: boolean;
}

interface FormChange {
  /** The text of a document from that of a stream. */
  readonly fold: (stream: string) => string;
  /** The events of a stream from the text of a document. */
  readonly unfold: (document: string, hasUsage: boolean) => readonly string[];
}

const FORM_CHANGES: Readonly<Partial<Record<Endpoint, FormChange>>> = {
  chat: { fold: foldChat, unfold: unfoldChat },
  completions: { fold: foldCompletion, unfold: unfoldCompletion },
  messages: { fold: foldMessage, unfold: unfoldMessage },
  responses: { fold: foldResponse, unfold: unfoldResponse },
};

/**
 * @param entry of a whole answer in the form `from`
 * @param to the form that is asked for
 * @returns null where it cannot be derived without a doubt
 */
export function derive(entry: Entry, from: string, to: string, request: AnsweredRequest): Entry | null {
  try {
    return deriveEntry(entry, bodyOf(entry, from, to, request));
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

function bodyOf({ head, body }: Entry, from: string, to: string, request: AnsweredRequest): DerivedBody {
  const { endpoint, isStreamable } = request;
  const change = FORM_CHANGES[endpoint];
  const isKnown = sourcesFor(endpoint, to).some((source) => source === from);
  if (change === undefined || !isKnown) refuse('a form that is not derived from this one');
  refuseIf(!isStreamable, 'an answer that is not streamed');
  refuseIf(head.status !== 200, 'an answer that is none');
  refuseIf(headerOf(head.headers, 'content-encoding') !== undefined, 'an encoded body');
  refuseIf(isEventStream(head) !== (from !== 'json'), 'an answer in another form than was asked');
  refuseIf(!isUtf8(body), 'not UTF-8');
  const text = body.toString();
  if (from === 'json') return { kind: 'stream', events: change.unfold(text, to.includes('+usage')) };
  if (to === 'json') return { kind: 'document', text: change.fold(text) };
  return { kind: 'stream-of-stream', ...thinStream(text, endpoint, from, to) };
}
