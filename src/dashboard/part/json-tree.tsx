/**
 * A value of JSON as a tree that opens and closes. What is closed is not in the document.
 */
import { useState } from 'preact/hooks';
import { WrittenNumber } from '../conversation/part.ts';
import { formatCount } from '../format.ts';
import { LongText } from './long-text.tsx';

/** The members that are shown at once. */
const MOST = 100;

/** Levels that are open from the beginning, as long as a level is short. */
const OPEN_LEVELS = 3;
const SHORT = 24;

interface JsonTreeProps {
  readonly value: unknown;
  readonly name?: string;
  readonly level?: number;
}

export function JsonTree({ value, name, level = 0 }: JsonTreeProps) {
  if (typeof value === 'object' && value !== null && !(value instanceof WrittenNumber))
    return <Branch value={value} name={name} level={level} />;
  return (
    <div class="leaf">
      {name !== undefined && <span class="member">{name}: </span>}
      <Scalar value={value} />
    </div>
  );
}

function Scalar({ value }: { readonly value: unknown }) {
  if (value instanceof WrittenNumber) return <span class="scalar">{value.text}</span>;
  if (typeof value !== 'string') return <span class="scalar">{String(value)}</span>;
  return value.length < 200 && !value.includes('\n') ? (
    <span class="string">{JSON.stringify(value)}</span>
  ) : (
    <LongText text={value} />
  );
}

interface BranchProps {
  readonly value: object;
  readonly name: string | undefined;
  readonly level: number;
}

function Branch({ value, name, level }: BranchProps) {
  const isList = Array.isArray(value);
  const members: readonly (readonly [string, unknown])[] = Object.entries(value);
  const [isOpen, setOpen] = useState(level < OPEN_LEVELS && members.length <= SHORT);
  const [shown, setShown] = useState(MOST);
  const size = formatCount(members.length);
  return (
    <div class="branch">
      <button type="button" class="fold" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <i aria-hidden="true">{isOpen ? '▾' : '▸'}</i>
        {name !== undefined && <span class="member">{name}: </span>}
        <span class="quiet">{isList ? `[${size}]` : `{${size}}`}</span>
      </button>
      {isOpen && (
        <div class="members">
          {members.slice(0, shown).map(([member, inner]) => (
            <JsonTree key={member} value={inner} name={member} level={level + 1} />
          ))}
          {members.length > shown && (
            <button type="button" class="plain" onClick={() => setShown(shown + 10 * MOST)}>
              {formatCount(members.length - shown)} more
            </button>
          )}
        </div>
      )}
    </div>
  );
}
