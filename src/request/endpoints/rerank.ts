/**
 * Rerank: documents in the order of their relevance to a query, as Cohere and
 * Jina have it, and vLLM, llama.cpp and gateways after them.
 */
import { ONE } from '../counts.ts';
import { chooseNone } from '../form.ts';
import { ASSUMES_NOTHING, type RequestEndpoint } from './request-endpoint.ts';

/** There is no type of it in the SDKs that are sorted by; the fields are those of both references. */
interface Rerank {
  model: unknown;
  query: unknown;
  documents: unknown;
  rank_fields: unknown;
  top_n: unknown;
  return_documents: unknown;
  return_embeddings: unknown;
  max_tokens_per_doc: unknown;
  max_chunks_per_doc: unknown;
  max_doc_length: unknown;
  max_query_length: unknown;
  truncation: unknown;
  priority: unknown;
}

export const rerank: RequestEndpoint<Rerank> = {
  path: { ending: '/rerank' },
  fields: {
    model: 'model',
    query: 'prompt',
    documents: 'prompt',
    rank_fields: 'prompt',
    max_tokens_per_doc: 'prompt',
    max_chunks_per_doc: 'prompt',
    max_doc_length: 'prompt',
    max_query_length: 'prompt',
    truncation: 'prompt',
    top_n: 'output',
    return_documents: 'output',
    return_embeddings: 'output',
    priority: 'service',
  },
  decidingNames: new Set(['model', 'documents', 'top_n', 'stream', 'stream_options']),
  assumed: ASSUMES_NOTHING,
  authoredIds: null,
  questionField: 'query',
  isDeletable: false,
  isGenerative: false,
  chooseForm: chooseNone,
  whyStateful: () => null,

  /** A result for each document, or for the best of them. */
  counts(fields) {
    const documents = fields.get('documents');
    if (!Array.isArray(documents)) return ONE;
    const best = fields.get('top_n');
    const isLimited = typeof best === 'number' && best > 0;
    return { ...ONE, inputs: isLimited ? Math.min(best, documents.length) : documents.length };
  },

  asksForJson: () => false,
};
