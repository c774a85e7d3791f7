/**
 * Turns of a conversation, each part laid out by its kind. Every text is a text node.
 */
import { formatBytes } from '../format.ts';
import { JsonTree } from '../part/json-tree.tsx';
import { LongText } from '../part/long-text.tsx';
import { type Part, parseJson, type Turn } from './part.ts';

/** The roles that answer. A role may be any text, and is no name of a class. */
const ANSWERS = ['assistant', 'answer'];

interface ConversationProps {
  readonly turns: readonly Turn[];
  /** A text that still grows is not looked at for JSON. */
  readonly isGrowing?: boolean;
}

export function Conversation({ turns, isGrowing = false }: ConversationProps) {
  return (
    <ol class="turns">
      {turns.map((turn, at) => (
        <li key={at} class={ANSWERS.includes(turn.role) ? 'turn answered' : 'turn'}>
          <h2>{turn.role}</h2>
          <div class="parts">
            {turn.parts.map((part, place) => (
              <PartView key={place} part={part} isGrowing={isGrowing} />
            ))}
            {turn.parts.length === 0 && <p class="quiet">Nothing.</p>}
            {turn.ending !== undefined && turn.ending !== 'stop' && <p class="quiet">ended: {turn.ending}</p>}
          </div>
        </li>
      ))}
    </ol>
  );
}

function PartView({ part, isGrowing }: { readonly part: Part; readonly isGrowing: boolean }) {
  switch (part.kind) {
    case 'text':
      return <TextOrJson text={part.text} isGrowing={isGrowing} />;
    case 'refusal':
      return (
        <div class="refused">
          <b>Refused</b>
          <LongText text={part.text} />
        </div>
      );
    case 'reasoning':
      return (
        <details class="reasoning">
          <summary>Reasoning, {part.text.length.toLocaleString()} characters</summary>
          <LongText text={part.text} />
        </details>
      );
    case 'call':
      return (
        <div class="call">
          <p>
            calls <b class="mono">{part.name}</b> <span class="quiet mono">{part.id}</span>
          </p>
          <TextOrJson text={part.args} isGrowing={isGrowing} />
        </div>
      );
    case 'result':
      return (
        <div class="call">
          <p>
            result of <span class="quiet mono">{part.id}</span>
          </p>
          <TextOrJson text={part.text} isGrowing={isGrowing} />
        </div>
      );
    case 'media':
      return (
        <span class="media" title={part.detail.slice(0, 300)}>
          <b>{part.what}</b>
          <span class="cut">{part.detail.slice(0, 120)}</span>
          {part.bytes !== null && <span class="quiet">{formatBytes(part.bytes)}</span>}
        </span>
      );
    case 'json':
      return <JsonTree value={part.value} />;
  }
}

/** A text that is an object or a list in JSON is laid out as that. */
function TextOrJson({ text, isGrowing }: { readonly text: string; readonly isGrowing: boolean }) {
  const value = !isGrowing && /^\s*[[{]/.test(text) ? parseJson(text) : undefined;
  return value === undefined ? <LongText text={text} /> : <JsonTree value={value} />;
}
