/**
 * Responses and messages that no server has said: a document, and a stream that brings the same.
 */
import type { Random } from '../request/random.ts';
import type { GeneratedPair } from './generated-chat.ts';
import { cut, randomNumber, randomText, spell, spellList, spellObject } from './spelling.ts';

type Members = Record<string, string | undefined>;
type Said = readonly [type: string, members: Members];

export function generateResponse(random: Random): GeneratedPair {
  const items = Array.from({ length: 1 + random.below(3) }, (_, at) => generateItem(random, at));
  const status = random.once(6) ? 'incomplete' : 'completed';
  const response = (members: Members) =>
    spellObject(
      {
        id: '"resp_1"',
        object: '"response"',
        created_at: random.pick(['1795364355', '1795364355.25']),
        error: 'null',
        model: '"m"',
        temperature: '0.10',
        tools: '[]',
        tool_choice: '"auto"',
        parallel_tool_calls: 'true',
        metadata: '{}',
        instructions: 'null',
        top_p: '1.0',
        ...members,
      },
      random,
    );
  const usage = `{"input_tokens":3,"output_tokens":4,"total_tokens":7,"x":${randomNumber(random)}}`;
  const incomplete_details = status === 'completed' ? 'null' : '{"reason":"max_output_tokens"}';
  const output = spellList(items.map(({ whole }) => whole));
  const whole = response({ status: `"${status}"`, output, usage, incomplete_details });
  const begun = response({ status: '"in_progress"', output: '[]', usage: 'null', incomplete_details: 'null' });
  const events: Said[] = [
    ['response.created', { response: begun }],
    ['response.in_progress', { response: begun }],
    ...items.flatMap(({ events: said }) => said),
    [`response.${status}`, { response: whole }],
  ];
  const lines = events.map(([type, members], at) => {
    const data = spellObject({ type: `"${type}"`, sequence_number: String(at), ...members }, random);
    return `event: ${type}\ndata: ${data}\n\n`;
  });
  return { json: whole, stream: lines.join('') };
}

interface GeneratedItem {
  readonly whole: string;
  readonly events: readonly Said[];
}

function generateItem(random: Random, at: number): GeneratedItem {
  const id = `"item_${at}"`;
  const place: Members = { item_id: id, output_index: String(at) };
  const build = { message: generateMessage, call: generateCall, reasoning: generateReasoning };
  const { begun, whole, events } = build[random.pick(['message', 'message', 'call', 'reasoning'] as const)](
    random,
    id,
    place,
  );
  return {
    whole,
    events: [
      ['response.output_item.added', { output_index: String(at), item: begun }],
      ...events,
      ['response.output_item.done', { output_index: String(at), item: whole }],
    ],
  };
}

interface Built extends GeneratedItem {
  readonly begun: string;
}

/** The deltas of a text, and its end. */
function say(random: Random, prefix: string, place: Members, name: string, text: string, beside: Members = {}): Said[] {
  const padding = random.once(3) ? undefined : '"p4dd"';
  return [
    ...cut(text, random).map(
      (piece): Said => [`${prefix}.delta`, { ...place, delta: spell(piece, random), ...beside, obfuscation: padding }],
    ),
    [`${prefix}.done`, { ...place, [name]: spell(text, random), ...beside }],
  ];
}

function generateMessage(random: Random, id: string, place: Members): Built {
  const parts = Array.from({ length: 1 + random.below(2) }, (_, at) =>
    generatePart(random, { ...place, content_index: String(at) }),
  );
  const write = (status: string, content: string) =>
    spellObject({ id, type: '"message"', status: `"${status}"`, content, role: '"assistant"' }, random);
  return {
    begun: write('in_progress', '[]'),
    whole: write('completed', spellList(parts.map(({ whole }) => whole))),
    events: parts.flatMap(({ events }) => events),
  };
}

function generatePart(random: Random, place: Members): GeneratedItem {
  const text = `x${randomText(random)}`;
  if (random.once(4)) {
    const write = (said: string) => spellObject({ type: '"refusal"', refusal: said }, random);
    const whole = write(spell(text, random));
    return {
      whole,
      events: [
        ['response.content_part.added', { ...place, part: write('""') }],
        ...say(random, 'response.refusal', place, 'refusal', text),
        ['response.content_part.done', { ...place, part: whole }],
      ],
    };
  }
  const cited = random.once(3) ? [`{"type":"url_citation","url":"u","title":"t","start_index":0,"end_index":1}`] : [];
  const write = (said: string, annotations: string) =>
    spellObject({ type: '"output_text"', annotations, logprobs: '[]', text: said }, random);
  const whole = write(spell(text, random), spellList(cited));
  return {
    whole,
    events: [
      ['response.content_part.added', { ...place, part: write('""', '[]') }],
      ...cited.map(
        (annotation, at): Said => [
          'response.output_text.annotation.added',
          { ...place, annotation_index: String(at), annotation },
        ],
      ),
      ...say(random, 'response.output_text', place, 'text', text, { logprobs: '[]' }),
      ['response.content_part.done', { ...place, part: whole }],
    ],
  };
}

function generateCall(random: Random, id: string, place: Members): Built {
  const isCustom = random.once(3);
  const [type, name, prefix] = isCustom
    ? ['custom_tool_call', 'input', 'response.custom_tool_call_input']
    : ['function_call', 'arguments', 'response.function_call_arguments'];
  const text = `{"sea":"${randomText(random, 3)}"}`;
  const write = (status: string, said: string) =>
    spellObject(
      {
        id,
        type: `"${type}"`,
        status: `"${status}"`,
        call_id: `"call_${id.slice(1)}`,
        name: '"depth"',
        [name as string]: said,
      },
      random,
    );
  return {
    begun: write('in_progress', '""'),
    whole: write('completed', spell(text, random)),
    events: say(random, prefix as string, place, name as string, text),
  };
}

function generateReasoning(random: Random, id: string, place: Members): Built {
  const texts = Array.from({ length: random.below(3) }, () => `x${randomText(random)}`);
  const part = (said: string) => spellObject({ type: '"summary_text"', text: said }, random);
  const wholes = texts.map((text) => part(spell(text, random)));
  const write = (summary: string) =>
    spellObject({ id, type: '"reasoning"', summary, encrypted_content: '"gAAA"' }, random);
  return {
    begun: write('[]'),
    whole: write(spellList(wholes)),
    events: texts.flatMap((text, at): Said[] => {
      const here = { ...place, summary_index: String(at) };
      return [
        ['response.reasoning_summary_part.added', { ...here, part: part('""') }],
        ...say(random, 'response.reasoning_summary_text', here, 'text', text),
        ['response.reasoning_summary_part.done', { ...here, part: wholes[at] as string }],
      ];
    }),
  };
}

export function generateAnthropicMessage(random: Random): GeneratedPair {
  const blocks = Array.from({ length: 1 + random.below(3) }, (_, at) => generateBlock(random, at));
  const first = `{"input_tokens":${9},"cache_read_input_tokens":0,"service_tier":"standard","output_tokens":1}`;
  const last = `{"input_tokens":${9},"cache_read_input_tokens":0,"service_tier":"standard","output_tokens":318}`;
  const message = (content: string, reason: string, usage: string) =>
    spellObject(
      {
        model: '"m"',
        id: '"msg_1"',
        type: '"message"',
        role: '"assistant"',
        content,
        stop_reason: reason,
        stop_sequence: 'null',
        stop_details: 'null',
        usage,
      },
      random,
    );
  const reason = random.pick(['"end_turn"', '"max_tokens"', '"tool_use"']);
  const events: Said[] = [
    ['message_start', { message: message('[]', 'null', first) }],
    ...(random.once(2) ? [['ping', {}] as Said] : []),
    ...blocks.flatMap(({ events: said }) => said),
    [
      'message_delta',
      {
        delta: `{"stop_reason":${reason},"stop_sequence":null,"stop_details":null}`,
        usage: '{"input_tokens":9,"output_tokens":318}',
      },
    ],
    ['message_stop', {}],
  ];
  const lines = events.map(([type, members]) => {
    return `event: ${type}\ndata: ${spellObject({ type: `"${type}"`, ...members }, random)}   \n\n`.replace(
      '   \n',
      '\n',
    );
  });
  return { json: message(spellList(blocks.map(({ whole }) => whole)), reason, last), stream: lines.join('') };
}

function generateBlock(random: Random, at: number): GeneratedItem {
  const index = String(at);
  const start = (block: string): Said => ['content_block_start', { index, content_block: block }];
  const delta = (type: string, name: string, text: string): Said => [
    'content_block_delta',
    { index, delta: spellObject({ type: `"${type}"`, [name]: text }, random) },
  ];
  const stop: Said = ['content_block_stop', { index }];
  const text = `x${randomText(random)}`;
  const pieces = cut(text, random);
  switch (random.pick(['text', 'thinking', 'tool_use'] as const)) {
    case 'text': {
      const cited = random.once(3)
        ? [`{"type":"char_location","cited_text":"a","start_char_index":${randomNumber(random)}}`]
        : [];
      const citations = cited.length > 0 ? spellList(cited) : undefined;
      return {
        whole: spellObject({ type: '"text"', text: spell(text, random), citations }, random),
        events: [
          start(spellObject({ type: '"text"', text: '""', citations: citations && '[]' }, random)),
          ...cited.map((citation) => delta('citations_delta', 'citation', citation)),
          ...pieces.map((piece) => delta('text_delta', 'text', spell(piece, random))),
          stop,
        ],
      };
    }
    case 'thinking':
      return {
        whole: spellObject({ type: '"thinking"', thinking: spell(text, random), signature: '"EqQB"' }, random),
        events: [
          start('{"type":"thinking","thinking":"","signature":""}'),
          ...pieces.map((piece) => delta('thinking_delta', 'thinking', spell(piece, random))),
          delta('signature_delta', 'signature', '"EqQB"'),
          stop,
        ],
      };
    case 'tool_use': {
      const input = spellObject({ sea: spell(text, random), depth: randomNumber(random) }, random);
      const head = { type: '"tool_use"', id: `"toolu_${at}"`, name: '"depth"' };
      return {
        whole: spellObject({ ...head, input }, random),
        events: [
          start(spellObject({ ...head, input: '{}' }, random)),
          ...cut(input, random).map((piece) => delta('input_json_delta', 'partial_json', spell(piece, random))),
          stop,
        ],
      };
    }
  }
}
