/**
 * An upstream that answers every request with the same bytes: `node upstream.ts
 * ANSWER TYPE [EVENTS]`. With EVENTS, one event at a time, each in a write of its own.
 */
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const [file = '', type = 'application/json', each] = process.argv.slice(2);
const answer = readFileSync(file);
const events = answer.toString().split(/(?<=\n\n)/);

function stream(response: ServerResponse, index: number): void {
  if (index === events.length) return void response.end();
  response.write(events[index]);
  setImmediate(stream, response, index + 1);
}

const server = createServer((request, response) => {
  request.resume().on('end', () => {
    response.writeHead(
      200,
      each === undefined ? { 'content-type': type, 'content-length': answer.length } : { 'content-type': type },
    );
    if (each === undefined) response.end(answer);
    else stream(response, 0);
  });
});
server.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}`));
