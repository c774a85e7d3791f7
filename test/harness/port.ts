/**
 * Ports of loopback: one that is free, and connections to one that is served.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A port that nobody listens on, for servers that cannot choose one themselves. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A connection that is there. @throws Error where nobody listens */
export async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** Tests whether somebody listens on a port. */
export async function accepts(port: number): Promise<boolean> {
  try {
    (await connected(port)).destroy();
    return true;
  } catch {
    return false;
  }
}
