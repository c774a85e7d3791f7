/**
 * Searches by any name: requests whose answer the server looks up, in the world
 * or in documents that it holds, so that it is out of date as soon as it is
 * given. Gateways and vendors each ask for one in fields of their own.
 *
 * The table is what is documented; beside it, any field at the top, or among a
 * vendor's own, that has `search` in its name counts, unless it is switched off,
 * and so does a model that has it in its name as a word.
 */

import { type BodyFields, isSet, memberOf } from './body-fields.ts';

/** A value out of JSON. */
type JsonMembers = Readonly<Record<string, unknown>>;

interface Search {
  readonly who: string;
  readonly source: string;
  /** Top-level fields that ask for one. */
  readonly fields?: readonly string[];
  /** Top-level fields that hold what is the vendor's own. */
  readonly within?: readonly string[];
  /** Models that search by themselves; `*` stands for anything. */
  readonly models?: readonly string[];
}

export const SEARCHES: readonly Search[] = [
  {
    who: 'OpenAI',
    source: 'https://platform.openai.com/docs/guides/tools-web-search',
    fields: ['web_search_options'],
    models: ['*-search-preview*', '*-search-api*', '*-deep-research*'],
  },
  {
    who: 'Azure OpenAI on your data',
    source: 'https://learn.microsoft.com/azure/ai-services/openai/references/on-your-data',
    fields: ['data_sources', 'dataSources'],
  },
  {
    who: 'OpenRouter',
    source: 'https://openrouter.ai/docs/guides/features/plugins',
    fields: ['plugins'],
    models: ['*:online'],
  },
  {
    who: 'NanoGPT',
    source: 'https://docs.nano-gpt.com/api-reference/endpoint/chat-completion',
    fields: ['linkup'],
    models: ['*:online/*'],
  },
  { who: 'Azure AI Foundry', source: 'https://github.com/promptfoo/promptfoo/pull/8987', fields: ['agent_reference'] },
  { who: 'Mistral', source: 'https://docs.mistral.ai/agents/introduction', fields: ['agent_id'] },
  {
    who: 'LiteLLM',
    source: 'https://docs.litellm.ai/docs/completion/knowledgebase',
    fields: ['knowledge_bases', 'vector_store_ids'],
  },
  { who: 'Cohere', source: 'https://docs.cohere.com/docs/connectors', fields: ['connectors'] },
  { who: 'Exa', source: 'https://exa.ai/docs/reference/openai-sdk', models: ['exa', 'exa-*'] },
  {
    who: 'Brave',
    source: 'https://brave.com/search/api',
    models: ['brave', 'brave-pro'],
  },
  {
    who: 'Volcengine',
    source: 'https://github.com/lobehub/lobehub/issues/6143',
    // Applications with plugins of their own, by the day on which they were made.
    models: ['bot-20*'],
  },
  { who: 'one-api', source: 'https://github.com/songquanpeng/one-api/issues/1857', models: ['*-internet'] },
  { who: 'xAI', source: 'https://docs.x.ai/docs/guides/live-search', fields: ['search_parameters'] },
  { who: 'Qwen', source: 'https://www.alibabacloud.com/help/en/model-studio/web-search', fields: ['enable_search'] },
  {
    who: 'Perplexity',
    source: 'https://docs.perplexity.ai/getting-started/models',
    models: ['sonar*', '*/sonar*', '*-sonar-*', '*-online'],
  },
  {
    who: 'Groq',
    source: 'https://console.groq.com/docs/compound/systems',
    fields: ['search_settings'],
    models: ['compound*', '*/compound*'],
  },
  {
    who: 'Gemini',
    source: 'https://ai.google.dev/gemini-api/docs/openai#extra-body',
    within: ['extra_body', 'google'],
  },
  {
    who: 'Venice',
    source: 'https://docs.venice.ai/api-reference/endpoint/chat/model_feature_suffix',
    within: ['venice_parameters'],
    models: ['*enable_web_search=on*', '*enable_web_search=auto*'],
  },
  {
    who: 'Hunyuan',
    source: 'https://cloud.tencent.com/document/product/1729/111007',
    fields: ['enable_enhancement', 'force_search_enhancement', 'enable_deep_search'],
  },
  { who: 'ERNIE, Poe', source: 'https://cloud.baidu.com/doc/qianfan-api/s/3m7of64lb', fields: ['web_search'] },
  {
    who: 'Open WebUI',
    source: 'https://docs.openwebui.com/getting-started/api-endpoints',
    fields: ['files', 'tool_ids'],
    within: ['features'],
  },
  {
    who: 'Vercel AI Gateway',
    source: 'https://vercel.com/docs/ai-gateway',
    within: ['providerOptions', 'provider_options'],
  },
];

const FIELDS = new Set(SEARCHES.flatMap(({ fields = [] }) => fields));
const CONTAINERS = SEARCHES.flatMap(({ within = [] }) => within);

/** `beam_search` is a way to decode. */
const SEARCH_NAME = /^(?!.*beam).*(?:search|grounding|url_?context|web_?scraping)/i;

/** The name of a switch that is off where it is true (ERNIE's `disable_search`). */
const SEARCH_OFF_NAME = /^(?:disable|no|skip|without)_?(?:web_?|internet_?)?search$/i;

/** As a word: `gemini-2.5-pro-search`, `jina-deepsearch-v1`; not as in `research`. */
const SEARCH_MODEL = /(?:^|[^a-z])(?:web|deep|live)?[-_]?search(?:$|[^a-z])/i;

const MODELS = [...SEARCHES.flatMap(({ models = [] }) => models).map(globOf), SEARCH_MODEL];

/** Sets of settings that a vendor has names for (Perplexity's `pro-search` and `deep-research`). */
const SEARCH_PRESET = /search/i;

/** Plugins that change how a request is read or an answer written, and look nothing up. */
const HARMLESS_PLUGINS: ReadonlySet<unknown> = new Set([
  'file-parser',
  'response-healing',
  'context-compression',
  'auto-router',
  'moderation',
  'pareto-router',
]);

/** No name of a model is longer, and no pattern is tried on what is. */
const LONGEST_MODEL = 512;

/** The functions that gateways to Gemini take for grounding, where they take no arguments. */
const GROUNDING_FUNCTION = /^(?:google_?search(?:_?retrieval)?|url_?context)$/i;

/** Names, at any depth, whose value decides whether this is a search, where `SEARCH_NAME` does not tell. */
export const SEARCH_DECIDING_NAMES: readonly string[] = [
  ...FIELDS,
  ...CONTAINERS,
  'preset',
  'models',
  'fallbacks',
  'id',
  'enable',
  'enabled',
  'mode',
];

export function isSearchName(name: string): boolean {
  return SEARCH_NAME.test(name);
}

/** Tests whether the server is asked to search, but for the tools that it is given. */
export function isSearch(fields: BodyFields): boolean {
  if (mayBeAnsweredBy(MODELS, fields)) return true;
  const preset = fields.get('preset');
  if (typeof preset === 'string' && SEARCH_PRESET.test(preset)) return true;
  for (const name of fields.names) if (isSearchField(name, fields)) return true;
  return CONTAINERS.some((name) => hasSearchWithin(fields.get(name)));
}

/**
 * Tests whether a tool is a search that a gateway carries out, though written like a function of the client's.
 * @param tool as chat has it, as responses have it, or as messages do
 */
export function isGroundingTool(tool: unknown): boolean {
  const named = (memberOf(tool, 'function') ?? tool ?? {}) as JsonMembers;
  const { name, parameters, input_schema: schema } = named;
  const { properties } = (parameters ?? schema ?? {}) as JsonMembers;
  return typeof name === 'string' && GROUNDING_FUNCTION.test(name) && Object.keys(properties ?? {}).length === 0;
}

/** Tests whether a model of one of these names may answer. */
export function mayBeAnsweredBy(globs: readonly RegExp[], fields: BodyFields): boolean {
  return globs.length > 0 && modelsOf(fields).some((model) => globs.some((glob) => glob.test(model)));
}

/** Models that may answer, those to fall back to included: by name, or within an object. */
function modelsOf(fields: BodyFields): readonly string[] {
  const given = [fields.get('model'), fields.get('models'), fields.get('fallbacks')].flat();
  const named = given.map((model) => memberOf(model, 'model') ?? model);
  return named.filter((model) => typeof model === 'string' && model.length <= LONGEST_MODEL) as string[];
}

/** Of a name with `*` in it, in any case. */
export function globOf(pattern: string): RegExp {
  const texts = pattern.split('*').map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${texts.join('.*')}$`, 'is');
}

/** Anything but what says no in one of the usual ways. */
export function isOn(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'string') return !/^(|off|none|no|false|disabled?)$/i.test(value);
  if (typeof value !== 'object' || value === null) return Boolean(value);
  const { mode, enable, enabled } = value as JsonMembers;
  return mode !== 'off' && enable !== false && enabled !== false;
}

function isSearchField(name: string, fields: BodyFields): boolean {
  if (name === 'plugins') return hasSearchPlugin(fields.get(name));
  return (FIELDS.has(name) || isSearchName(name)) && isOnBy(name, fields.get(name));
}

/** Tests whether a field switches on what its name says. */
function isOnBy(name: string, value: unknown): boolean {
  return SEARCH_OFF_NAME.test(name) ? isSet(value) && !isOn(value) : isOn(value);
}

function hasSearchPlugin(plugins: unknown): boolean {
  if (!Array.isArray(plugins)) return isOn(plugins);
  return plugins.some((plugin) => isOn(plugin) && !HARMLESS_PLUGINS.has((plugin as JsonMembers)['id']));
}

/** Tests whether a field of a search is switched on anywhere below. */
function hasSearchWithin(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasSearchWithin);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([name, inner]) => (isSearchName(name) && isOnBy(name, inner)) || hasSearchWithin(inner),
  );
}
