/**
 * The facts of an entry beside its texts, in a line or two.
 */
import type { ComponentChildren } from 'preact';
import type { EntryDetail } from '../api/answers.ts';
import {
  formatAge,
  formatBytes,
  formatCount,
  formatDollars,
  formatMs,
  formatSeconds,
  formatTime,
  UNKNOWN,
} from '../format.ts';
import { usePage } from '../page-context.ts';

export function EntryFacts({ entry }: { readonly entry: EntryDetail }) {
  const now = usePage().now.value;
  const { storedAt, expiresAt, hits, saved, bytes, tier, form, call, scope, tags, answer } = entry;
  const [stored, expires] = [Date.parse(storedAt), expiresAt === null ? null : Date.parse(expiresAt)];
  return (
    <dl class="facts">
      <Fact name="Stored" title={formatTime(stored)}>
        {formatAge(stored, now)}
      </Fact>
      <Fact name="Expires" title={expires === null ? undefined : formatTime(expires)}>
        {expires === null ? 'never' : formatAge(expires, now)}
      </Fact>
      <Fact name="Hits">{formatCount(hits)}</Fact>
      <Fact name="Saved">
        {hits === 0 ? 'nothing yet' : `${formatDollars(saved?.dollars)}, ${formatSeconds(saved?.seconds)}`}
      </Fact>
      <Fact name="Upstream call">
        {call ? `${formatMs(call.ms)}, first byte ${formatMs(call.firstByteMs)}` : UNKNOWN}
      </Fact>
      <Fact name="Tokens">
        {call?.usage ? `${formatCount(call.usage.input)} in, ${formatCount(call.usage.output)} out` : UNKNOWN}
      </Fact>
      <Fact name="Status">{answer.status}</Fact>
      <Fact name="Form">{form}</Fact>
      <Fact name="Size">
        {formatBytes(bytes)} in {tier}
      </Fact>
      <Fact name="Scope">{scope ?? UNKNOWN}</Fact>
      {tags.length > 0 && <Fact name="Tags">{tags.join(', ')}</Fact>}
    </dl>
  );
}

interface FactProps {
  readonly name: string;
  readonly title?: string | undefined;
  readonly children: ComponentChildren;
}

function Fact({ name, title, children }: FactProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd title={title}>{children}</dd>
    </div>
  );
}
