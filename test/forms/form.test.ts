/**
 * The forms, and which of them is derived from which.
 */
import { describe, expect, test } from 'vitest';
import { ENDPOINTS } from '../../src/endpoint.ts';
import { richness, sourcesFor } from '../../src/forms/form.ts';

const FORMS = ['json', 'sse', 'sse+plain', 'sse+usage', 'sse+usage+plain'];

describe('the sources of a form', () => {
  test('say as much as it, but for a document, which is tried from any stream', () => {
    for (const endpoint of ENDPOINTS) {
      for (const form of FORMS.slice(1)) {
        for (const source of sourcesFor(endpoint, form))
          expect(richness(source), `${source} for ${form}`).toBeGreaterThanOrEqual(richness(form));
      }
    }
    expect(sourcesFor('chat', 'json')).toEqual(['sse+usage', 'sse+usage+plain', 'sse', 'sse+plain']);
  });

  test('are other forms, each once, and none where the form is not known', () => {
    for (const endpoint of ENDPOINTS) {
      for (const form of FORMS) {
        const sources = sourcesFor(endpoint, form);
        expect(sources).not.toContain(form);
        expect(new Set(sources).size).toBe(sources.length);
      }
      for (const form of ['', 'xml', 'sse+more', 'toString', '__proto__'])
        expect(sourcesFor(endpoint, form)).toEqual([]);
    }
  });

  test('are those of generative endpoints alone', () => {
    const derived = ENDPOINTS.filter((endpoint) => FORMS.some((form) => sourcesFor(endpoint, form).length > 0));
    expect(derived).toEqual(['chat', 'completions', 'messages', 'responses']);
    expect(sourcesFor('messages', 'sse')).toEqual(['json']);
    expect(sourcesFor('responses', 'sse+usage')).toEqual([]);
  });

  test('are documents alone where streams are not trusted, and none where nothing is', () => {
    expect(FORMS.map((form) => sourcesFor('chat', form, 'from-json'))).toEqual([
      [],
      ...FORMS.slice(1).map(() => ['json']),
    ]);
    expect(FORMS.flatMap((form) => sourcesFor('chat', form, 'exact'))).toEqual([]);
  });
});
