/**
 * Servers that answer from the body of a request alone, known by what they
 * answer. Two signs are asked for: a gateway in front may pass one of them on.
 */
export interface Greeted {
  /** Its `server` header. */
  readonly server: string;
  /** Owners of its models, as `GET /models` has them. */
  readonly owners: readonly string[];
}

/** Asks for a path of the server's own, beside `/v1`; null where it answers with no JSON object. */
export type Probe = (path: string) => Promise<object | null>;

interface Engine {
  readonly name: string;
  /** `owned_by` of its models. */
  readonly owner: string;
  /** A route of its own, and a member of what it answers there. */
  readonly path: string;
  readonly member: string;
}

const ENGINES: readonly Engine[] = [
  { name: 'llama.cpp', owner: 'llamacpp', path: '/props', member: 'default_generation_settings' },
  { name: 'vLLM', owner: 'vllm', path: '/version', member: 'version' },
  { name: 'Ollama', owner: 'library', path: '/api/version', member: 'version' },
  { name: 'LM Studio', owner: 'organization_owner', path: '/api/v0/models', member: 'data' },
];

/** @returns the name of the server, or null for any other */
export async function recogniseEngine({ server, owners }: Greeted, probe: Probe): Promise<string | null> {
  const engine = ENGINES.find(({ owner }) => owners.includes(owner));
  if (!engine) return null;
  // Its own route may want a key.
  if (server.toLowerCase().startsWith(engine.name)) return engine.name;
  const answer = await probe(engine.path);
  return answer !== null && Object.hasOwn(answer, engine.member) ? engine.name : null;
}
