/**
 * Connections, when a server stops. Node takes one for idle whose response
 * has been ended and not yet been sent, so that a slow client would lose what it
 * still waits for; and not one that has never sent a byte, or has not yet agreed
 * on its encryption, which would hold up the stop.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { responseOn } from './response-on.ts';

/** Has the server close those that are idle: nothing comes on them, and nothing is left to be sent. */
export function closeOnlyIdle(server: Server): void {
  const sockets = trackSockets(server, 'connection');
  /** Those on which HTTP is spoken. */
  const speaking = isOverTls(server) ? trackSockets(server, 'secureConnection') : sockets;
  const closeIdle = server.closeIdleConnections.bind(server);
  server.closeIdleConnections = () => {
    const responses = [...speaking].flatMap((socket) => responseOn(socket) ?? []);
    const unsent = responses.filter(({ finished }) => finished);
    for (const response of unsent) response.finished = false;
    closeIdle();
    for (const response of unsent) response.finished = true;
    for (const socket of speaking) if (socket.bytesRead === 0) socket.destroy();
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  };
  const closeAll = server.closeAllConnections.bind(server);
  server.closeAllConnections = () => {
    closeAll();
    for (const socket of sockets) socket.destroy();
  };
}

function trackSockets(server: Server, event: string): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on(event, (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

/** Tests whether a server speaks TLS, as Node's types do not tell. */
export function isOverTls(server: Server): boolean {
  return 'setSecureContext' in server;
}
