import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';

/** If there is no answer within this time, the attacker gives up. */
const GIVE_UP_MS = 40_000;

/** Number of characters of a message that are shown. */
const SHOWN = 60;

/**
 * Attackers have another address than the API server, as in a cluster. All addresses of 127.0.0.0/8 are this
 * machine.
 */
export const ATTACKER_ADDRESS = '127.0.0.9';

/** One of two hundred addresses of attackers, `ATTACKER_ADDRESS` not among them. */
export function crowdAddress(number: number): string {
  return `127.0.0.${10 + (number % 200)}`;
}

/**
 * Posts a body. Gives the status with the decision (`200 denied: …`, `200 patched` or `200 left alone`) or
 * the message, cut to a few words; or the error code of the connection.
 */
export async function post(
  port: number,
  path: string,
  body: Buffer,
  agent: Agent,
  localAddress = ATTACKER_ADDRESS,
): Promise<string> {
  const sending = request({
    host: '127.0.0.1',
    localAddress,
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

/** A TLS connection after its handshake; `undefined` if the server does not accept it. */
export async function dial(port: number, localAddress = ATTACKER_ADDRESS): Promise<TLSSocket | undefined> {
  const from: ConnectionOptions & { readonly localAddress: string } = {
    host: '127.0.0.1',
    localAddress,
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

/** Opens connections, twenty at a time, and calls `abuse` with each. Holds them all, then ends them. */
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
      if (socket === undefined) return; // refused: more connections would be refused, too
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

/** Describes the AdmissionReview or the Status in a body. */
function describe(body: string): string {
  const { message, response } = JSON.parse(body);
  if (response === undefined) return String(message).slice(0, SHOWN);
  if (response.allowed !== true) return `denied: ${String(response.status?.message).slice(0, SHOWN)}`;
  return response.patch === undefined ? 'left alone' : 'patched';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
