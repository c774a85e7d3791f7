import { describe, expect, it } from 'vitest';
import { readCommand } from '../../src/config/command.ts';
import { createProcessInput, type Start } from './process-input.ts';

/** The keys that the doctor has, by the name of their upstream. */
function keysOf(start: Start): object {
  const { argv = [], ...others } = start;
  const command = readCommand(createProcessInput({ argv: ['doctor', ...argv], ...others }));
  if (command.kind !== 'doctor') throw new Error(`${command.kind} has no keys`);
  return Object.fromEntries(command.keys);
}

const env = { OPENAI_API_KEY: 'sk-1', GROQ_API_KEY: 'sk-2', EMPTY: '' };

describe('the key of OpenAI', () => {
  it('is for OpenAI alone, over TLS', () => {
    expect(keysOf({ env })).toEqual({ null: 'sk-1' });
    for (const url of [
      'http://api.openai.com/v1',
      'https://api.openai.com.evil.example/v1',
      'https://evil-api.openai.com/v1',
      'https://api.openai.com:8443/v1',
      'https://api.groq.com/openai/v1',
      'https://x.openai.azure.com/openai/v1',
    ]) {
      expect(keysOf({ argv: ['--upstream', url], env }), url).toEqual({});
    }
    const files = {
      'my.json': JSON.stringify({
        upstream: 'http://localhost:1',
        upstreams: { openai2: 'https://api.openai.com/v1', local: 'http://localhost:2' },
      }),
    };
    expect(keysOf({ argv: ['--config', 'my.json'], env, files })).toEqual({ openai2: 'sk-1' });
  });
});

describe('a key that is named by its variable', () => {
  const files = {
    'my.json': '{"upstream":"https://api.groq.com/openai/v1","upstreams":{"local":"http://localhost:2"}}',
  };
  const keysFor = (keys: string) => keysOf({ argv: ['--config', 'my.json', '--keys', keys], env, files });

  it('is that of its upstream', () => {
    expect(keysFor('upstream=GROQ_API_KEY')).toEqual({ null: 'sk-2' });
    expect(keysFor('upstream=GROQ_API_KEY,local=OPENAI_API_KEY')).toEqual({ null: 'sk-2', local: 'sk-1' });
  });

  it('is refused where there is no such upstream, variable or list', () => {
    for (const keys of [
      'groq=GROQ_API_KEY',
      'constructor=GROQ_API_KEY',
      'local=UNSET',
      'local=EMPTY',
      'local',
      'local=',
      '=X',
      'local=sk-2-canary',
      'local=A;B',
    ]) {
      expect(() => keysFor(keys), keys).toThrow(/^--keys (?!.*canary)/);
    }
  });
});
