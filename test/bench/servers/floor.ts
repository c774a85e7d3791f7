/**
 * The least that a hit can cost: a bare server that reads the body, takes its
 * SHA-256 and answers the bytes that a Map has under it. `node floor.ts ANSWER TYPE`.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const [file = '', type = 'application/json'] = process.argv.slice(2);
const answer = readFileSync(file);
const answers = new Map<string, Buffer>();

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const hash = createHash('sha256');
    for (const chunk of chunks) hash.update(chunk);
    const key = hash.digest('hex');
    const body = answers.get(key) ?? answer;
    answers.set(key, body);
    response.writeHead(200, { 'content-type': type, 'content-length': body.length });
    response.end(body);
  });
});
server.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}`));
