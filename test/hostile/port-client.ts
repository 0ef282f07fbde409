import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';

/** No answer within this time counts as none: an attacker does not wait for ever either. */
const GIVE_UP_MS = 40_000;

/** Characters of a message. */
const SHOWN = 60;

/** Attackers have another address than the API server, as they do in a cluster. All of 127.0.0.0/8 is this machine. */
export const ATTACKER_ADDRESS = '127.0.0.9';

/**
 * Posts a body. Gives the status with what was decided (`200 denied: …`, `200 patched` or `200 left alone`) or said, cut to a
 * few words; or the error code of the connection.
 */
export async function post(port: number, path: string, body: Buffer, agent: Agent): Promise<string> {
  const sending = request({
    host: '127.0.0.1',
    localAddress: ATTACKER_ADDRESS,
    port,
    path,
    method: 'POST',
    agent,
    rejectUnauthorized: false,
    signal: AbortSignal.timeout(GIVE_UP_MS),
    headers: { 'content-type': 'application/json', 'content-length': body.length },
  });
  try {
    sending.end(body);
    const [response] = await once(sending, 'response');
    return `${response.statusCode} ${describe(await text(response))}`;
  } catch (error) {
    return codeOf(error);
  }
}

/** A TLS connection with its handshake done; `undefined` when the server does not take it. */
export async function dial(port: number): Promise<TLSSocket | undefined> {
  const from: ConnectionOptions & { readonly localAddress: string } = {
    host: '127.0.0.1',
    localAddress: ATTACKER_ADDRESS,
    port,
    rejectUnauthorized: false,
  };
  const socket = connect(from);
  const patience = setTimeout(() => socket.destroy(), GIVE_UP_MS);
  socket.on('error', () => {}); // `close` reports it
  try {
    await Promise.race([once(socket, 'secureConnect'), once(socket, 'close').then(() => socket.destroy())]);
    return socket.destroyed ? undefined : socket;
  } catch {
    return undefined;
  } finally {
    clearTimeout(patience);
  }
}

/** Opens connections and does with each what `abuse` says, twenty at a time; holds them all, then ends them. */
export async function holdConnections(
  port: number,
  count: number,
  holdMs: number,
  abuse: (socket: TLSSocket) => void,
): Promise<string> {
  const sockets: TLSSocket[] = [];
  const lane = async (): Promise<void> => {
    while (sockets.length < count) {
      const socket = await dial(port);
      if (socket === undefined) return; // refused: more of the same would be, too
      sockets.push(socket);
      abuse(socket);
    }
  };
  await Promise.all(Array.from({ length: 20 }, lane));
  if (sockets.length > 0) await sleep(holdMs);
  const open = sockets.filter(({ destroyed }) => !destroyed).length;
  for (const socket of sockets) socket.destroy();
  return `${sockets.length} opened, ${open} still open after ${holdMs / 1000} s`;
}

/** Of the AdmissionReview or the Status that a body is. */
function describe(body: string): string {
  const { message, response } = JSON.parse(body);
  if (response === undefined) return String(message).slice(0, SHOWN);
  if (response.allowed !== true) return `denied: ${String(response.status?.message).slice(0, SHOWN)}`;
  return response.patch === undefined ? 'left alone' : 'patched';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
