import { describe, expect, test } from 'vitest';
import { addVia, forwardedHeaders, meantHeaders } from '../../src/headers/forwarded-headers.ts';
import {
  followedHeaders,
  relayedHeaders,
  replayedHeaders,
  sharedErrorHeaders,
  withoutCookies,
} from '../../src/headers/relayed-headers.ts';

/** One header of each kind that the rules tell apart, spelled as no rule spells it. */
const REQUEST = [
  ['Host', 'api'],
  ['Connection', 'keep-alive, X-Hop'],
  ['X-Hop', 'of this hop'],
  ['Keep-Alive', 'timeout=5'],
  ['Transfer-Encoding', 'chunked'],
  ['Content-Length', '2'],
  ['Expect', '100-continue'],
  ['Authorization', 'Bearer sk'],
  ['X-Refrain-Ttl', '5'],
  ['Cache-Control', 'no-cache'],
  ['Accept-Encoding', 'gzip'],
  ['X-Unknown', 'one'],
  ['X-Unknown', 'two'],
] as const;

const ANSWER = [
  ['Content-Type', 'application/json'],
  ['Content-Length', '2'],
  ['Connection', 'X-Hop'],
  ['X-Hop', 'of this hop'],
  ['X-Cache', 'HIT'],
  ['X-Refrain-Key', 'of another'],
  ['Set-Cookie', 'session=1'],
  ['OpenAI-Organization', 'org'],
  ['X-RateLimit-Remaining-Requests', '9'],
  ['Retry-After', '1'],
  ['X-Request-Id', 'req_1'],
  ['Vary', 'x-tier'],
  ['Access-Control-Allow-Origin', '*'],
  ['Age', '7'],
  ['Cache-Status', 'inner; hit'],
  ['X-Unknown', 'kept by nobody'],
] as const;

const namesOf = (headers: readonly string[]) => headers.filter((_, at) => at % 2 === 0);

describe('what goes upstream', () => {
  test('is all that is neither of this hop, nor framing, nor ours', () => {
    const all = ['Authorization', 'Cache-Control', 'Accept-Encoding', 'X-Unknown', 'X-Unknown'];
    expect(namesOf(forwardedHeaders(REQUEST.flat(), false))).toEqual(all);
  });

  test('asks for no content coding where the answer may be played to others', () => {
    const headers = forwardedHeaders(REQUEST.flat(), true);
    expect(headers.slice(-2)).toEqual(['accept-encoding', 'identity']);
    expect(headers).not.toContain('gzip');
  });

  test('names us behind those who carried it before, once', () => {
    const headers = ['Via', '1.1 before', 'X', 'y'];
    addVia(headers, '1.0', 'us');
    expect(headers).toEqual(['Via', '1.1 before, 1.0 us', 'X', 'y']);
    const none: string[] = [];
    addVia(none, '1.1', 'us');
    expect(none).toEqual(['via', '1.1 us']);
  });

  test('and what is asked by it leave out what its Connection names, but for what tells us what to do', () => {
    const hidden = ['Connection', 'Authorization, Cache-Control, X-Refrain-Ttl, Host', ...REQUEST.flat()];
    const meant = namesOf(meantHeaders(hidden));
    expect(meant).not.toContain('Authorization');
    expect(meant).toEqual(expect.arrayContaining(['Cache-Control', 'X-Refrain-Ttl', 'Host', 'Transfer-Encoding']));
  });
});

describe('what comes back', () => {
  const relayed = relayedHeaders(ANSWER.flat());

  test('is for its own caller all that is neither of this hop nor ours', () => {
    const gone = ['Content-Length', 'Connection', 'X-Hop', 'X-Cache', 'X-Refrain-Key'];
    expect(namesOf(relayed)).toEqual(ANSWER.map(([name]) => name).filter((name) => !gone.includes(name)));
  });

  test('is without cookies where it is kept', () => {
    expect(namesOf(withoutCookies(relayed))).toEqual(namesOf(relayed).filter((name) => name !== 'Set-Cookie'));
  });

  test('is for others what describes the answer, and nothing of the session', () => {
    const kept = ['Content-Type', 'X-Request-Id', 'Vary', 'Access-Control-Allow-Origin'];
    expect(namesOf(replayedHeaders(ANSWER.flat()))).toEqual(kept);
    // As it comes it is as old as it says; once it is kept, that is ours to say.
    expect(namesOf(followedHeaders(ANSWER.flat()))).toEqual([...kept, 'Age', 'Cache-Status']);
  });

  test('is for those who waited for an error also when to try again', () => {
    const names = namesOf(sharedErrorHeaders(ANSWER.flat()));
    expect(names).toEqual(namesOf(relayed).filter((name) => !['Set-Cookie', 'OpenAI-Organization'].includes(name)));
  });
});
