/**
 * The names by which a request is decided, of every endpoint: where one of them
 * is uncertain, two readers may decide differently, so there is no key.
 */
import { describe, expect, test } from 'vitest';
import { type Endpoint, ENDPOINTS } from '../../src/endpoint.ts';
import { BodyFields } from '../../src/request/body-fields.ts';
import { createBypasses } from '../../src/request/bypasses.ts';
import { REQUEST_ENDPOINTS } from '../../src/request/endpoints/table.ts';
import { parseRequest } from '../../src/request/parsed-request.ts';

/** Notes which fields its reader asks for, all of which are absent. */
class AskedFields extends BodyFields {
  readonly asked = new Set<string>();

  constructor() {
    super(new Map());
  }

  override get(name: string): unknown {
    this.asked.add(name);
    return undefined;
  }
}

const parse = (endpoint: Endpoint, text: string) =>
  parseRequest(
    { endpoint, dialect: 'openai', ignored: new Map(), mode: 'deterministic', bypasses: createBypasses([]) },
    Buffer.from(text),
  );

describe.each(ENDPOINTS)('%s', (endpoint) => {
  const { decidingNames, isGenerative, ...descriptor } = REQUEST_ENDPOINTS[endpoint];

  test('names every field that its descriptor reads', () => {
    const fields = new AskedFields();
    descriptor.whyStateful(fields);
    descriptor.counts(fields);
    descriptor.asksForJson(fields);
    expect([...fields.asked].filter((name) => !decidingNames.has(name))).toEqual([]);
  });

  test('has no key where what decides in every endpoint stands twice', () => {
    const drawn = isGenerative ? ['temperature', 'seed'] : [];
    for (const name of ['model', 'stream', 'stream_options', ...drawn]) {
      expect(parse(endpoint, `{"${name}":0,"${name}":1}`), name).toBe('ambiguous');
      expect(parse(endpoint, `{"${name.toUpperCase()}":0}`), name).toBe('ambiguous');
    }
  });
});
