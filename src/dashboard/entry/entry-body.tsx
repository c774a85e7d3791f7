/**
 * An entry's request and answer: as a conversation, as they came, and their headers.
 */
import { useMemo } from 'preact/hooks';
import type { EntryDetail, KeptAnswer } from '../api/answers.ts';
import { Conversation } from '../conversation/conversation.tsx';
import { parseJson } from '../conversation/part.ts';
import { Player } from '../conversation/player.tsx';
import { eventsOf, StreamFold } from '../conversation/stream.ts';
import { answeredTurns, askedTurns } from '../conversation/turns.ts';
import { CopyButton } from '../part/copy-button.tsx';
import { JsonTree } from '../part/json-tree.tsx';
import { LongText } from '../part/long-text.tsx';
import { jsonOf } from './asked-body.ts';

export function Talk({ entry }: { readonly entry: EntryDetail }) {
  const { request, answer, endpoint } = entry;
  const asked = useMemo(() => (request ? askedTurns(endpoint, parseJson(jsonOf(request.body))) : null), [entry]);
  return (
    <>
      {asked ? (
        <Conversation turns={asked} />
      ) : (
        <p class="quiet">What was asked is not kept: it was too long, shows a credential, or store.prompts is false.</p>
      )}
      <AnswerTurns answer={answer} />
    </>
  );
}

function AnswerTurns({ answer }: { readonly answer: KeptAnswer }) {
  const events = useMemo(() => (isStream(answer) ? eventsOf(answer.body) : null), [answer]);
  const turns = useMemo(() => (events ? foldAll(events) : turnsOf(answer)), [answer]);
  const { arrivals } = answer;
  if (events && arrivals && arrivals.length > 1) return <Player events={events} arrivals={arrivals} />;
  return (
    <>
      {events && <p class="quiet played">How its events arrived is not known, so that it cannot be played.</p>}
      <Conversation turns={turns} />
    </>
  );
}

export function Raw({ entry: { request, answer } }: { readonly entry: EntryDetail }) {
  return (
    <>
      {request && <RawText title={`${request.method} ${request.path}${request.query}`} text={jsonOf(request.body)} />}
      <RawText
        title={`Answer ${answer.status}`}
        text={answer.encoding === 'utf8' ? answer.body : `base64: ${answer.body}`}
      />
    </>
  );
}

function RawText({ title, text }: { readonly title: string; readonly text: string }) {
  const value = parseJson(text);
  return (
    <section class="raw">
      <header class="row">
        <h2 class="cut">{title}</h2>
        <CopyButton text={text} label="Copy" />
      </header>
      {typeof value === 'object' ? <JsonTree value={value} /> : <LongText text={text} />}
    </section>
  );
}

export function Headers({ entry: { request, answer } }: { readonly entry: EntryDetail }) {
  return (
    <>
      {request && <HeaderTable title="Headers that are part of the key" pairs={Object.entries(request.headers)} />}
      <HeaderTable title="Headers of the answer" pairs={answer.headers} />
    </>
  );
}

function HeaderTable({ title, pairs }: { readonly title: string; readonly pairs: readonly (readonly string[])[] }) {
  return (
    <table class="lines headers">
      <caption>{title}</caption>
      <tbody>
        {pairs.map(([name = '', value], at) => (
          <tr key={`${at} ${name}`}>
            <th scope="row" class="quiet">
              {name}
            </th>
            <td>{value}</td>
          </tr>
        ))}
        {pairs.length === 0 && (
          <tr>
            <td class="quiet">none</td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

function isStream({ headers, body }: KeptAnswer): boolean {
  const type = headers.find(([name]) => name?.toLowerCase() === 'content-type')?.[1] ?? '';
  return type.includes('event-stream') || /^(?:data|event):/.test(body);
}

function foldAll(events: readonly string[]) {
  const fold = new StreamFold();
  events.forEach((event) => fold.add(event));
  return fold.turns();
}

function turnsOf({ body, encoding }: KeptAnswer) {
  const value = encoding === 'utf8' ? parseJson(body) : undefined;
  if (value !== undefined) return answeredTurns(value);
  return [{ role: 'answer', parts: [{ kind: 'text' as const, text: encoding === 'utf8' ? body : `base64: ${body}` }] }];
}
