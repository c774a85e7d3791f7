/**
 * The doctor on streams: one short one of each upstream is tried, and the
 * server recognised. Which settings does it want, that it be kept?
 */
import type { Dialect } from '../dialect.ts';
import { reasonOf } from '../errors.ts';
import type { Target } from '../request/route.ts';
import { saysNoStore } from '../response/validator.ts';
import { type Answered, type UpstreamProbe, type Greeting, modelsOf } from './ask-upstream.ts';
import { recogniseEngine } from './engines.ts';
import { ok, type CheckResult, warning } from '../admin/findings.ts';

/** An upstream as a proxy would use it. */
export interface StreamCandidate extends Pick<Target, 'doneMarker' | 'noStore' | 'dialect'> {
  /** Its name where there are several, or null. */
  readonly name: string | null;
  readonly url: string;
  /** Null where none is given: then none is sent. */
  readonly key: string | null;
  /** To be asked; null for the first that may chat. */
  readonly model: string | null;
}

type AskUpstream = (probe: UpstreamProbe) => Promise<Answered>;

/** The words on a stream, and on the settings to make about it. */
interface StreamReport {
  readonly says: readonly string[];
  readonly advice: readonly string[];
}

/** @param ask asks an upstream, and is bounded in time */
export async function checkStream(
  candidate: StreamCandidate,
  greeting: Promise<Greeting>,
  ask: AskUpstream,
): Promise<CheckResult> {
  const greeted = await greeting.catch(() => null);
  if (greeted === null) return ok('not tried: the upstream does not answer');
  const [engine, stream] = await Promise.all([engineOf(candidate, greeted, ask), tryStream(candidate, greeted, ask)]);
  const says = [...engine.says, ...stream.says].join('; ');
  const advice = [...engine.advice, ...stream.advice].join('; ');
  const { dialect, doneMarker, noStore } = candidate;
  const details = [`dialect = ${dialect}, doneMarker = ${doneMarker}, noStore = ${noStore}`];
  return advice === '' ? ok(says, details) : warning(says, advice, details);
}

async function engineOf(candidate: StreamCandidate, greeted: Greeting, ask: AskUpstream): Promise<StreamReport> {
  const root = candidate.url.replace(/\/v1$/, '');
  const probe = async (path: string) => {
    const { json } = await ask({ url: root + path, dialect: candidate.dialect });
    return typeof json === 'object' ? json : null;
  };
  const owners = greeted.models.map(({ ownedBy }) => ownedBy);
  const engine = await recogniseEngine({ server: greeted.server, owners }, probe).catch(() => null);
  if (engine === null) return { says: [], advice: [] };
  const says = [`it is ${engine}`];
  if (candidate.dialect === 'engine') return { says, advice: [] };
  const setting = settingOf(candidate, 'dialect=engine');
  return { says, advice: [`set ${setting}, so that labels and sessions of clients keep nothing from hitting`] };
}

async function tryStream(candidate: StreamCandidate, greeted: Greeting, ask: AskUpstream): Promise<StreamReport> {
  const { dialect, key, name } = candidate;
  const { base } = greeted;
  const notTried = (why: string) => ({ says: [`no stream was tried: ${why}`], advice: [] });
  const example = `refrain doctor --keys ${name ?? 'upstream'}=VARIABLE`;
  const wantsKey = (status: number) =>
    notTried(`it asks for a key (status ${status}); name the variable that holds it, as in ${example}`);
  try {
    if (isForbidden(greeted) && key === null) return wantsKey(greeted.status);
    const models = key === null ? greeted.models : modelsOf((await ask({ url: `${base}/models`, dialect, key })).json);
    const model = candidate.model ?? models.find(({ id }) => !NO_CHAT.test(id))?.id;
    if (model === undefined) return notTried('GET /models names no model that chats; name one with --model');
    const answer = await ask({ url: base + streamOf(dialect).path, dialect, key, body: questionTo(base, model) });
    if (isForbidden(answer) && key === null) return wantsKey(answer.status);
    return judge(candidate, model, answer);
  } catch (error) {
    const isLate = (error as Error).name === 'TimeoutError';
    if (!isLate) return { says: [`its stream broke off (${reasonOf(error)})`], advice: ['see its log'] };
    const advice = 'look again when the model is loaded, or name another with --model';
    return { says: ['its stream had not ended in time'], advice: [advice] };
  }
}

function isForbidden({ status }: Answered): boolean {
  return status === 401 || status === 403;
}

/** Models for something else than chat, by their names. */
const NO_CHAT = new RegExp(
  'embed|rerank|moderation|whisper|tts|dall-e|image|audio|realtime|transcri|speech|sora|davinci|babbage|' +
    '-turbo-instruct|computer-use|search',
  'i',
);

const MOST_TOKENS = 16;

/** Where a stream is asked for, and by what it shows that it is over. */
const STREAMS = {
  anthropic: { path: '/messages', end: /^event: ?message_stop\s*$/m, called: 'message_stop' },
  others: { path: '/chat/completions', end: /^data: ?\[DONE\]\s*$/m, called: '[DONE]' },
} as const;

function streamOf(dialect: Dialect) {
  return STREAMS[dialect === 'anthropic' ? dialect : 'others'];
}

function questionTo(url: string, model: string): object {
  // OpenAI's newer models know only this name of it, other servers only the older.
  const bound = new URL(url).host === 'api.openai.com' ? 'max_completion_tokens' : 'max_tokens';
  return { model, messages: [{ role: 'user', content: 'Say ok.' }], stream: true, [bound]: MOST_TOKENS };
}

function judge(
  candidate: StreamCandidate,
  model: string,
  { status, type, cacheControl, text }: Answered,
): StreamReport {
  const answered = (how: string) => [`a stream of ${model} is answered with ${how}`];
  if (status !== 200) return { says: answered(`status ${status}`), advice: ['name a model that chats with --model'] };
  if (!type.startsWith('text/event-stream')) return { says: answered(type || 'no content type'), advice: [] };
  const { end, called } = streamOf(candidate.dialect);
  const isDone = end.test(text);
  const forbids = saysNoStore(cacheControl);
  const said = `a stream of ${model} ends with${isDone ? '' : 'out'} ${called}`;
  const advice: string[] = [];
  if (!isDone && candidate.dialect === 'anthropic') advice.push('see its log; no stream of it is kept');
  else if (!isDone && candidate.doneMarker === 'required') {
    advice.push(`set ${settingOf(candidate, 'doneMarker=optional')}, or no stream of it is kept`);
  }
  if (forbids && candidate.noStore !== 'ignore') {
    const setting = settingOf(candidate, 'noStore=ignore');
    advice.push(`set ${setting} if that is only a default of its server, or no stream of it is kept`);
  }
  return { says: [forbids ? `${said} and says Cache-Control: no-store` : said], advice };
}

function settingOf({ name }: StreamCandidate, setting: string): string {
  return name === null ? setting : `upstreams.${name}.${setting}`;
}
