/**
 * Each case, which is derived or refused.
 */
import { expect, test } from 'vitest';
import { derive } from '../../src/forms/derive.ts';
import { CASES } from './cases.ts';
import { entryOfCase } from './mutants.ts';

test.each(CASES)('$name', ({ form, to, endpoint, isDerived, isStreamable = true, ...others }) => {
  const entry = derive(entryOfCase({ form, to, endpoint, isDerived, ...others }), form, to, { endpoint, isStreamable });
  expect(entry !== null, entry?.body.toString().slice(0, 2_000)).toBe(isDerived);
});
