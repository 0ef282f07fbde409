import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
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
 * the message, cut to a few words. Otherwise the error code of the connection, which begins with `ended: ` if the
 * handshake was over: then the other side refused the body.
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
  let isOpen = false;
  sending.once('socket', (socket) => {
    if (sending.reusedSocket) isOpen = true;
    else socket.once('secureConnect', () => (isOpen = true));
  });
  try {
    sending.end(body);
    const [response] = await once(sending, 'response');
    return `${response.statusCode} ${describe(await text(response))}`;
  } catch (error) {
    return `${isOpen ? 'ended: ' : ''}${codeOf(error)}`;
  }
}

/**
 * A TLS connection after its handshake. `refused`: the other side ended it before. `unreachable`: there was no
 * connection, or no end of the handshake.
 */
export type Dialled = TLSSocket | 'refused' | 'unreachable';

export async function dial(port: number, localAddress = ATTACKER_ADDRESS): Promise<Dialled> {
  const from: ConnectionOptions & { readonly localAddress: string } = {
    host: '127.0.0.1',
    localAddress,
    port,
    rejectUnauthorized: false,
  };
  const socket = connect(from);
  const { promise, resolve } = Promise.withResolvers<Dialled>();
  let failure: Dialled = 'unreachable';
  const patience = setTimeout(() => {
    failure = 'unreachable';
    socket.destroy();
  }, GIVE_UP_MS);
  socket.once('connect', () => (failure = 'refused'));
  socket.once('secureConnect', () => resolve(socket));
  socket.on('error', () => {}); // `close` reports it
  socket.once('close', () => resolve(failure));
  const dialled = await promise;
  clearTimeout(patience);
  return dialled;
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
