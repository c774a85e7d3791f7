/**
 * Idle connections, when a server stops. Node takes one for idle whose response
 * has been ended and not yet been sent, so that a slow client would lose what it
 * still waits for; and not one that has never sent a byte, which would hold up
 * the stop.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { responseOn } from './response-on.ts';

/** Has the server close those that are idle: nothing comes on them, and nothing is left to be sent. */
export function closeOnlyIdle(server: Server): void {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const closeIdle = server.closeIdleConnections.bind(server);
  server.closeIdleConnections = () => {
    const responses = [...sockets].flatMap((socket) => responseOn(socket) ?? []);
    const unsent = responses.filter(({ finished }) => finished);
    for (const response of unsent) response.finished = false;
    closeIdle();
    for (const response of unsent) response.finished = true;
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  };
}
