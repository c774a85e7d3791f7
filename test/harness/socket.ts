/**
 * A bare connection, for what an HTTP client would not send.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Lets `write` write, and resolves with all that came back once the connection is closed. */
export async function talk(url: string, write: (socket: Socket) => unknown): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const closed = once(socket, 'close');
  await write(socket);
  await closed;
  return Buffer.concat(chunks).toString();
}
