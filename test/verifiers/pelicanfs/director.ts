import type { RequestListener } from 'node:http';
import { BASE_PATH } from '../names.ts';
import { serveHttps } from '../serve-https.ts';
import type { World } from '../world.ts';

const HOST = 'director.example.com';
const DIRECTOR = `https://${HOST}`;
const DOORMAN_PORT = 8444;

/**
 * The parts of a federation that pelicanfs needs to find a file: its discovery, and a director that names one
 * storage.
 */
export interface Director extends AsyncDisposable {
  /**
   * For each request to the doorman (see `storage`), whether it came with a token. pelicanfs sends no token
   * that it considers bad.
   */
  readonly sent: boolean[];
}

export interface DirectorOptions {
  /** Issuers of the namespace, byte for byte as the director would have them. */
  readonly issuers: readonly string[];
  /**
   * `https://HOST[:PORT]` of the storage. Without it, the storage is a doorman that accepts any token, which
   * shows what the client itself decides.
   */
  readonly storage?: string;
}

export async function startDirector(
  world: World,
  { issuers, storage: address = `${DIRECTOR}:${DOORMAN_PORT}` }: DirectorOptions,
): Promise<Director> {
  const sent: boolean[] = [];
  const names = issuers.map((issuer) => `issuer=${issuer}`).join(', ');
  const direct: RequestListener = ({ url = '' }, response) => {
    if (url === '/.well-known/pelican-configuration') {
      response.end(JSON.stringify({ director_endpoint: DIRECTOR }));
      return;
    }
    const headers = {
      location: `${address}${url}`,
      link: `<${address}${url}>; rel="duplicate"; pri=1`,
      'X-Pelican-Namespace': `namespace=${BASE_PATH}, require-token=true, collections-url=${address}`,
      'X-Pelican-Authorization': names,
      'X-Pelican-Token-Generation': `${names}, base-path=${BASE_PATH}`,
    };
    response.writeHead(307, headers).end();
  };
  const takeAny: RequestListener = ({ headers }, response) => {
    const hasToken = headers.authorization?.startsWith('Bearer ') === true;
    sent.push(hasToken);
    response.writeHead(hasToken ? 200 : 403).end('taken\n');
  };
  const server = await serveHttps(world, [
    { host: HOST, answer: direct },
    { host: HOST, port: DOORMAN_PORT, answer: takeAny },
  ]);
  return {
    sent,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
