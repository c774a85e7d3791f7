/**
 * A message of Anthropic's API from the events that brought it: its beginning, its blocks one after the other, and its
 * end, which says why it ended and what it took.
 */
import { readTypedEvents, type TypedEvent } from './events.ts';
import { type KnownMembers, readKnown } from './known-members.ts';
import { MessageBlock } from './message-block.ts';
import { ENDING_MEMBERS, GROWING_USAGE, MESSAGE_MEMBERS, STOP_REASONS, USAGE_MEMBERS } from './message-members.ts';
import { refuse, refuseIf } from './refusal.ts';
import type { SourceValue } from './source-value.ts';
import { refuseUncounted } from './usage-rule.ts';
import { membersOf, type WrittenMember, writeObject } from './written.ts';

/** The members of each event beside its type. */
const EVENTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['ping', []],
  ['message_start', ['message']],
  ['content_block_start', ['index', 'content_block']],
  ['content_block_delta', ['index', 'delta']],
  ['content_block_stop', ['index']],
  ['message_delta', ['delta', 'usage']],
  ['message_stop', []],
]);

const ENDING: ReadonlySet<string> = new Set(ENDING_MEMBERS);

export function foldMessage(stream: string): string {
  const message = new GatheredMessage();
  for (const event of readTypedEvents(stream)) message.add(event);
  return message.write();
}

class GatheredMessage {
  #start: KnownMembers | null = null;
  readonly #blocks: MessageBlock[] = [];
  /** True between the start and the stop of the last block. */
  #isOpen = false;
  #ending: KnownMembers | null = null;
  #usage: KnownMembers | null = null;
  #isOver = false;

  add({ type, body }: TypedEvent): void {
    const known = EVENTS.get(type) ?? refuse('an event that is not known');
    const event = readKnown(body, new Set(['type', ...known]));
    refuseIf(this.#isOver, 'an event after the end');
    switch (type) {
      case 'message_start':
        return this.#begin(event.get('message'));
      case 'content_block_start':
        return this.#open(event);
      case 'content_block_delta':
        return this.#block(event).add(event.get('delta'));
      case 'content_block_stop':
        this.#block(event);
        this.#isOpen = false;
        return;
      case 'message_delta':
        return this.#end(event);
      case 'message_stop':
        this.#isOver = true;
    }
  }

  #begin(message: SourceValue | undefined): void {
    if (message === undefined || this.#start !== null) refuse('a message that does not begin once');
    this.#start = readKnown(message, MESSAGE_MEMBERS);
    refuseIf(this.#start.get('type')?.text !== '"message"', 'no message');
    refuseIf(this.#start.get('role')?.text !== '"assistant"', 'a message of somebody else');
    refuseIf(this.#start.get('content')?.text !== '[]', 'a message that begins with something');
    refuseIf((this.#start.get('container')?.text ?? 'null') !== 'null', 'a message from a container');
  }

  #open(event: KnownMembers): void {
    refuseIf(this.#start === null || this.#ending !== null || this.#isOpen, 'a block out of its place');
    refuseIf(event.get('index')?.text !== String(this.#blocks.length), 'a block out of its order');
    this.#blocks.push(new MessageBlock(event.get('content_block')));
    this.#isOpen = true;
  }

  #block(event: KnownMembers): MessageBlock {
    refuseIf(event.get('index')?.text !== String(this.#blocks.length - 1), 'a delta for another block');
    return (this.#isOpen ? this.#blocks.at(-1) : undefined) ?? refuse('a delta out of its place');
  }

  #end(event: KnownMembers): void {
    const [delta, usage] = ['delta', 'usage'].map((name) => event.get(name));
    refuseIf(this.#ending !== null || this.#isOpen, 'an end out of its place');
    if (delta === undefined || usage === undefined) refuse('an end that says nothing');
    this.#ending = readKnown(delta, ENDING);
    this.#usage = readKnown(usage, GROWING_USAGE);
  }

  write(): string {
    refuseIf(!this.#isOver, 'a stream without its end');
    const start = this.#start ?? refuse('a stream without its beginning');
    const ending = this.#ending ?? refuse('a message that has not ended');
    refuseIf(!STOP_REASONS.has(ending.get('stop_reason')?.text ?? ''), 'a message that may go on');
    const content = `[${this.#blocks.map((block) => block.write()).join(',')}]`;
    const usage = this.#writeUsage(start.get('usage'));
    refuseUncounted(usage);
    const changed = new Map<string, string>([...start].map(([name, { text }]) => [name, text]));
    for (const [name, { text }] of ending) changed.set(name, text);
    return writeObject(...changed.set('content', content).set('usage', usage));
  }

  /** The usage of the beginning, with what has grown since; a null takes nothing back. */
  #writeUsage(first: SourceValue | undefined): string {
    if (first === undefined) refuse('an answer that does not say its usage');
    readKnown(first, USAGE_MEMBERS);
    const texts = new Map<string, string | undefined>(membersOf(first));
    for (const [name, { kind, text }] of this.#usage ?? [])
      if (kind !== 'null' || !texts.has(name)) texts.set(name, text);
    return writeObject(...([...texts] satisfies WrittenMember[]));
  }
}
