import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { ISSUER_HOSTS } from './names.ts';
import { serveHttps } from './serve-https.ts';
import type { World } from './world.ts';

/** Static HTTPS sites, as any web server has them: only files, and `//` differs from `/`. */
export interface IssuerSite extends AsyncDisposable {
  /** Has a served folder for each of `ISSUER_HOSTS`: `jwt-injector jwks --dir` writes into it. */
  readonly folder: string;
  /** Answers to a URL that replace its file. */
  readonly answers: Map<string, RequestListener>;
  /** All requests: the URL, and the status of the answer. */
  readonly asked: { readonly url: string; readonly status: number }[];
}

/** Serves the files of a new folder. Changes are visible at once. */
export async function startIssuerSite(world: World): Promise<IssuerSite> {
  const folder = await mkdtemp(join(world.folder, 'site-'));
  const answers: IssuerSite['answers'] = new Map();
  const asked: { url: string; status: number }[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { headers, url = '' } = request;
    const host = headers.host?.toLowerCase() ?? '';
    const special = answers.get(`https://${host}${url}`);
    if (special !== undefined) {
      special(request, response);
      return;
    }
    const isPlain = !/\/\/|\.\.|[?%]/.test(`${host}${url}`);
    const bytes = isPlain ? await readFile(join(folder, host, url)).catch(() => undefined) : undefined;
    const status = bytes === undefined ? 404 : 200;
    asked.push({ url: `https://${host}${url}`, status });
    response.writeHead(status).end(bytes ?? '<html>not found</html>');
  };
  const answer = (request: IncomingMessage, response: ServerResponse) => void serve(request, response);
  const server = await serveHttps(
    world,
    ISSUER_HOSTS.map((host) => ({ host, answer })),
  );
  return {
    folder,
    answers,
    asked,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
