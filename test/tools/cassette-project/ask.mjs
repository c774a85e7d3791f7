// Asks by openai-node what a program asks, and prints all that came.
import { createReadStream } from 'node:fs';
import OpenAI from 'openai';

const client = new OpenAI();
const model = 'gpt-test';
/** @param {unknown[]} values */
const show = (...values) => console.log(...values.map((value) => JSON.stringify(value)));

/** @type {OpenAI.ChatCompletionMessageParam[]} */
const messages = [
  { role: 'system', content: 'Answer briefly.' },
  { role: 'user', content: 'What is the sea?' },
];
show('chat', await client.chat.completions.create({ model, messages }));
for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) show('chunk', chunk);
show('bytes', await (await client.chat.completions.create({ model, messages, stream: true }).asResponse()).text());

/** @type {string | null} */
let previous_response_id = null;
for (const input of ['Name a sea.', 'Another.', 'Another.']) {
  /** @type {OpenAI.Responses.Response} */
  const response = await client.responses.create({ model, input, previous_response_id });
  previous_response_id = response.id;
  show('response', response);
}
const { id: conversation } = await client.conversations.create({ metadata: { about: 'the sea' } });
for (const input of ['Hello.', 'Hello.']) show('turn', await client.responses.create({ model, input, conversation }));

show('file', await client.files.create({ file: createReadStream('sea.bin'), purpose: 'assistants' }));
show('models', (await client.models.list()).data);
show('embedding', (await client.embeddings.create({ model, input: 'the sea' })).data);
