/**
 * Fixtures of aimock: https://aimock.copilotkit.dev/fixtures. They are no exchanges: each says which requests it fits,
 * by parts of them, and what is said. Where the parts are all of a request, the exchange that it stands for is made.
 */
import { z } from 'zod';
import { type ForeignExchange, type ForeignFile, FormatError, readParts } from './foreign-exchange.ts';

const FILE = z.object({ fixtures: z.array(z.unknown()) });

const MATCH = z.looseObject({
  userMessage: z.string().optional(),
  inputText: z.string().optional(),
  model: z.string().optional(),
  endpoint: z.string().optional(),
  sequenceIndex: z.number().int().min(0).optional(),
  // A request with one message alone.
  turnIndex: z.number().optional(),
  hasToolResult: z.boolean().optional(),
});

const TOOL_CALL = z.object({ name: z.string(), arguments: z.unknown(), id: z.string().optional() });

const RESPONSE = z.looseObject({
  content: z.unknown().optional(),
  reasoning: z.string().optional(),
  toolCalls: z.array(TOOL_CALL).optional(),
  embedding: z.array(z.number()).optional(),
  error: z.looseObject({ message: z.string() }).optional(),
  status: z.number().int().optional(),
  retryAfter: z.number().optional(),
  id: z.string().optional(),
  created: z.number().optional(),
  model: z.string().optional(),
  usage: z.looseObject({}).optional(),
  finishReason: z.string().optional(),
});

/** Of a recorded one, digests of what its request had beside that message. */
const METADATA = z.object({ systemHash: z.string().optional(), toolsHash: z.string().optional() });

const FIXTURE = z.looseObject({
  match: MATCH,
  response: RESPONSE,
  metadata: METADATA.optional(),
  recordedTimings: z.object({ ttftMs: z.number().min(0), totalDurationMs: z.number().min(0) }).optional(),
});

/** Members by which an answer is broken off or made an error. */
const FAULTS = ['chaos', 'truncateAfterChunks', 'disconnectAfterMs'];

type Match = z.output<typeof MATCH>;
type Response = z.output<typeof RESPONSE>;

const KNOWN_MATCH: ReadonlySet<string> = new Set(Object.keys(MATCH.shape));
const KNOWN_RESPONSE: ReadonlySet<string> = new Set(Object.keys(RESPONSE.shape));

/**
 * @param model of the requests of those that name none, or null
 * @throws FormatError
 */
export function readAimock(document: unknown, model: string | null): ForeignFile {
  const file = FILE.safeParse(document);
  if (!file.success) throw new FormatError('it has no list of fixtures, as files of aimock have');
  return readParts(file.data.fixtures, 'fixture', (fixture) => readFixture(fixture, model));
}

function readFixture(value: unknown, otherwise: string | null): ForeignExchange {
  const parsed = FIXTURE.safeParse(value);
  if (!parsed.success) throw new FormatError('it has no match and response as aimock has them');
  const { match, response, metadata = {}, recordedTimings: times } = parsed.data;
  if (FAULTS.some((fault) => fault in parsed.data)) throw new FormatError('it breaks its answer off');
  if (match.turnIndex || match.hasToolResult) throw new FormatError('it fits a later turn, of which it has not all');
  if (metadata.systemHash ?? metadata.toolsHash)
    throw new FormatError('it was recorded of a request with a system message or tools, which it does not keep');
  refuseUnknown(match, KNOWN_MATCH, 'it fits requests by', 'of which no request can be made');
  refuseUnknown(response, KNOWN_RESPONSE, 'its answer has', 'which no answer of an API can be made of');
  const model = match.model ?? otherwise;
  if (model === null) throw new FormatError('it names no model; say which by --model');
  const [path, request] = requestOf(match, model);
  const answer = path === '/embeddings' ? embeddingOf(response, model) : chatAnswer(response, model);
  return {
    method: 'POST',
    url: `https://api.openai.com/v1${path}`,
    requestHeaders: ['content-type', 'application/json'],
    requestBody: Buffer.from(JSON.stringify(request)),
    status: response.error === undefined ? 200 : (response.status ?? 500),
    statusText: '',
    headers: [
      ...['content-type', 'application/json'],
      ...(response.retryAfter === undefined ? [] : ['retry-after', String(response.retryAfter)]),
    ],
    body: Buffer.from(JSON.stringify(answer)),
    ...(times && { timing: { firstByteMs: times.ttftMs, ms: times.totalDurationMs } }),
    ...(match.sequenceIndex !== undefined && { sample: match.sequenceIndex + 1 }),
  };
}

function refuseUnknown(value: object, known: ReadonlySet<string>, says: string, why: string): void {
  const others = Object.keys(value).filter((name) => !known.has(name));
  if (others.length > 0) throw new FormatError(`${says} ${others.join(', ')}, ${why}`);
}

/** The request that it fits, of which it may compare a part alone. */
function requestOf({ userMessage, inputText, endpoint = '' }: Match, model: string): [path: string, request: object] {
  if (inputText !== undefined && userMessage === undefined && /^(?:embedding)?$/.test(endpoint))
    return ['/embeddings', { model, input: inputText }];
  if (userMessage !== undefined && inputText === undefined && /^(?:chat)?$/.test(endpoint))
    return ['/chat/completions', { model, messages: [{ role: 'user', content: userMessage }] }];
  throw new FormatError(endpoint ? `it is for ${endpoint}, which is not carried over` : 'it fits any request');
}

function embeddingOf({ embedding, error, usage }: Response, model: string): object {
  if (error !== undefined) return { error };
  if (embedding === undefined) throw new FormatError('its answer has no embedding');
  return {
    object: 'list',
    data: [{ object: 'embedding', index: 0, embedding }],
    model,
    usage: usage ?? { prompt_tokens: 0, total_tokens: 0 },
  };
}

function chatAnswer(response: Response, model: string): object {
  const { content, reasoning, toolCalls, error, usage } = response;
  if (error !== undefined) return { error };
  if (content === undefined && toolCalls === undefined)
    throw new FormatError('its answer has neither text nor tool calls');
  const message = {
    role: 'assistant',
    content: content === undefined ? null : textOf(content),
    ...(reasoning !== undefined && { reasoning_content: reasoning }),
    ...(toolCalls !== undefined && { tool_calls: toolCalls.map(toolCallOf) }),
  };
  const finish_reason = response.finishReason ?? (toolCalls === undefined ? 'stop' : 'tool_calls');
  return {
    id: response.id ?? 'chatcmpl-aimock',
    object: 'chat.completion',
    created: response.created ?? 0,
    model: response.model ?? model,
    choices: [{ index: 0, message, logprobs: null, finish_reason }],
    usage: usage ?? { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
  };
}

function toolCallOf({ name, id, arguments: args }: z.output<typeof TOOL_CALL>, index: number): object {
  return { id: id ?? `call_${name}_${index}`, type: 'function', function: { name, arguments: textOf(args) } };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
