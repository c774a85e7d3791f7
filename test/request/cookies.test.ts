/**
 * The cookies in the key.
 */
import { describe, expect, test } from 'vitest';
import { keyedCookies } from '../../src/request/cookies.ts';
import { keyFor } from '../harness/keys.ts';

const keyWith = (...cookies: string[]) =>
  keyFor({ headers: cookies.flatMap((value) => ['cookie', value]), body: '{"model":"m"}' });

const ROUTING = [
  'AWSALB',
  'AWSALBCORS',
  'AWSALBTG',
  'AWSELB',
  '__cf_bm',
  '_cfuvid',
  '__cfruid',
  '__cfseq',
  '__cflb',
  '__oailb',
  'acw_tc',
  'HWWAFSESID',
  'HWWAFSESTIME',
  'ARRAffinity',
  'ARRAffinitySameSite',
  'ApplicationGatewayAffinity',
  'ApplicationGatewayAffinityCORS',
  'ASLBSA',
  'ASLBSACORS',
  'GCLB',
  'INGRESSCOOKIE',
];

describe('a cookie of a balancer', () => {
  test.each(ROUTING)('is left out: %s', (name) => {
    expect(keyWith(`${name}=1`)).toBe(keyWith());
    expect(keyWith(`${name}="1"`)).toBe(keyWith());
    expect(keyWith(`a=1; ${name}=2; b=3`)).toBe(keyWith('a=1; b=3'));
    expect(keyWith('a=1', `${name}=2`, 'b=3')).toBe(keyWith('a=1; b=3'));
    expect(keyWith(`${name}=2;a=1`)).toBe(keyWith('a=1'));
  });

  test.each(ROUTING)('is told from what has almost its name: %s', (name) => {
    for (const other of [
      `x${name}`,
      ` x ${name}`,
      name.toLowerCase() === name ? name.toUpperCase() : name.toLowerCase(),
    ]) {
      expect(keyWith(`${other}=1`)).not.toBe(keyWith());
    }
  });

  test('is not looked for inside the value of another', () => {
    const quoted = 'a="x; __cf_bm=1"';
    expect(keyWith(quoted)).not.toBe(keyWith('a="x; __cf_bm=2"'));
    expect(keyedCookies([quoted])).toEqual([quoted]);
    expect(keyWith('a=__cf_bm=1')).not.toBe(keyWith('a='));
  });
});

test('any other cookies are in the key as they came', () => {
  for (const values of [['a=1;b=2'], ['a=1; b=2'], ['b=2; a=1'], ['a=1', 'b=2'], [''], ['session=é']])
    expect(keyedCookies(values)).toBe(values);
  expect(keyWith('session=1')).not.toBe(keyWith('session=2'));
  expect(keyWith('session=1; __cf_bm=x')).not.toBe(keyWith('session=2; __cf_bm=x'));
});
