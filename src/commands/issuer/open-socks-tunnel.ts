import { addAbortListener, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { unescape } from 'node:querystring';
import { SocksClient, SocksClientError } from 'socks';
import { HTTPS_PORT, withoutBrackets } from '../../kube/connection/find-proxy.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { describeNetworkError, type TunnelOptions } from './open-tunnel.ts';

/**
 * A connection to the host of an https URL through a proxy that speaks SOCKS version 5 (RFC 1928); the rest as with `openTunnel`.
 * The proxy looks the host up, as Go has it: `socks5://` and `socks5h://` mean the same.
 */
export async function openSocksTunnel(
  { hostname, port }: URL,
  proxy: URL,
  { signal }: Pick<TunnelOptions, 'signal'>,
): Promise<Result<Socket, string>> {
  const address = { host: withoutBrackets(proxy.hostname), port: Number(proxy.port || SOCKS_PORT) };
  const socket = connect(address);
  using _ = addAbortListener(signal, () => socket.destroy());
  try {
    await once(socket, 'connect', { signal });
    await SocksClient.createConnection({
      command: 'connect',
      proxy: { ...address, type: 5, ...credentialsOf(proxy) },
      destination: { host: withoutBrackets(hostname), port: Number(port || HTTPS_PORT) },
      existing_socket: socket,
    });
    return ok(socket);
  } catch (error) {
    socket.destroy();
    if (signal.aborted) throw error;
    const reason = error instanceof SocksClientError ? error.message : describeNetworkError(error);
    return fail(`gives no connection (${reason})`);
  }
}

/** The port of a proxy that names no port. */
const SOCKS_PORT = '1080';

function credentialsOf({ username, password }: URL): {
  readonly userId?: string;
  readonly password?: string;
} {
  return username === '' ? {} : { userId: unescape(username), password: unescape(password) };
}
