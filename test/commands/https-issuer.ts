import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createCertificateAuthority } from '../controlplane/certificates.ts';

export type Answer = (answer: ServerResponse, request: IncomingMessage) => void;

/** Another host of its certificate, which only a proxy can find. */
export const BEHIND_PROXY = 'issuer.test';

/** An issuer on loopback. Its certificate is signed by a CA of the test. */
export interface HttpsIssuer extends AsyncDisposable {
  /** `https://localhost:PORT`. */
  readonly url: string;
  /** The CA's certificate, PEM. */
  readonly ca: string;
  /** The answers by path; any other path gives a 404. */
  readonly answers: Map<string, Answer>;
  /** All requests: path, and headers as one text. */
  readonly asked: { readonly path: string; readonly headers: string }[];
}

export async function startHttpsIssuer(): Promise<HttpsIssuer> {
  const authority = await createCertificateAuthority('issuer test');
  const { certificate, key } = await authority.issue(['localhost', BEHIND_PROXY], ['127.0.0.1']);
  const answers = new Map<string, Answer>();
  const asked: { path: string; headers: string }[] = [];
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const path = request.url ?? '';
    asked.push({ path, headers: JSON.stringify(request.headers) });
    const answer = answers.get(path);
    if (answer === undefined) response.writeHead(404).end('nothing here');
    else answer(response, request);
  });
  server.on('tlsClientError', () => {}); // a client that does not trust this CA
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    ca: authority.certificate,
    answers,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers with JSON. */
export function json(value: unknown): Answer {
  return text(JSON.stringify(value), 'application/json');
}

export function text(body: string, type = 'text/html'): Answer {
  return (answer) => answer.writeHead(200, { 'content-type': type }).end(body);
}

export function redirect(location: string): Answer {
  return (answer) => answer.writeHead(302, { location }).end();
}

/** A body that never ends. */
export const endless: Answer = (answer) => {
  answer.writeHead(200, { 'content-type': 'application/json' });
  const more = (): void => {
    while (!answer.destroyed && answer.write('{"keys":[],"x":"'.repeat(4_096)));
  };
  answer.on('drain', more);
  more();
};

/** An answer that never comes. */
export const silent: Answer = () => {};
