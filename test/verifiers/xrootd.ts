import { chmod, chown, lchown, mkdir, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Component, startComponent } from '../controlplane/component.ts';
import { startReaper } from '../controlplane/reaper.ts';
import { readStartTimeout } from '../controlplane/start-timeout.ts';
import { BASE_PATH } from './names.ts';
import type { World } from './world.ts';

/** Debian's packages of the server and of its token plugin; their dependencies are added. */
export const XROOTD_PACKAGES = [
  'ca-certificates',
  'xrootd-plugins',
  'xrootd-scitokens-plugins',
  'xrootd-server',
  'xrootd-server-plugins',
] as const;

/** An issuer that the server trusts, as its administrator writes it into scitokens.cfg. */
export interface TrustedIssuer {
  /** Compared byte for byte. */
  readonly issuer: string;
  /** The path to which its scopes are relative; default: `BASE_PATH`. */
  readonly basePath?: string;
}

export interface XrootdOptions {
  readonly issuers: readonly TrustedIssuer[];
  /**
   * Values of `aud` that are accepted besides those for any audience; default: none, as in a cache of
   * Pelican.
   */
  readonly audiences?: readonly string[];
  /** Rights of groups (`wlcg.groups`), as lines of XRootD's authorization database. */
  readonly groups?: readonly string[];
  /** Files to serve, by their paths. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A request, by default with the token in its header. */
export interface Ask {
  readonly path: string;
  readonly token?: string;
  readonly method?: string;
  readonly body?: string;
  /** The place of the token; clients of XRootD use `authz` in the query. */
  readonly tokenIn?: 'header' | 'query';
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** The server's log about it. For clients all refusals are equal; the log has the reason. */
  readonly log: string;
}

/** Debian's XRootD with the plugin of scitokens-cpp, which serves files by HTTP and HTTPS. */
export interface Xrootd extends AsyncDisposable {
  ask(ask: Ask): Promise<Answer>;
  /** The SQLite file in which scitokens-cpp keeps the keys of issuers. */
  readonly keyCache: string;
  /** The whole log so far. */
  log(): Promise<string>;
  /** Restarts it: its decisions about tokens, which it keeps for a minute, are lost. Keys are kept. */
  restart(): Promise<void>;
}

/** Port of both HTTP and HTTPS: the server detects the protocol. */
export const HTTP_PORT = 8443;
const ROOT_PORT = 1094;
/** XRootD does not run as root. Debian gives this number to no user. */
const NOBODY = 65_534;

/**
 * Starts the server in a folder of its own below the world's; resolves when it answers. It is Debian's
 * unchanged package: it asks the issuer for keys when it needs them, then every ten minutes.
 */
export async function startXrootd(world: World, options: XrootdOptions): Promise<Xrootd> {
  const folder = await mkdtemp(join(world.folder, 'xrootd-'));
  const reaper = await startReaper();
  reaper.remove(folder);
  // A new connection for each request: XRootD closes it after most refusals.
  const agent = new Agent({ ca: await readFile(world.caFile), keepAlive: false });
  const ask = createClient(agent, join(folder, 'xrootd.log'));
  try {
    await writeFiles(folder, world, options);
    const server: Component = await startComponent({
      binary: 'xrootd',
      args: ['-R', 'nobody', '-c', 'xrootd.cfg'],
      env: { XDG_CACHE_HOME: join(folder, 'cache') },
      folder,
      reaper,
      readyWithinMs: readStartTimeout(process.env),
      isReady: () =>
        ask({ path: '/' }).then(
          () => true,
          () => false,
        ),
      log: () => {},
    });
    return {
      ask,
      keyCache: join(folder, 'cache/scitokens/scitokens_cpp.sqllite'),
      log: () => readFile(join(folder, 'xrootd.log'), 'utf8'),
      restart: () => server.restart(),
      [Symbol.asyncDispose]: async () => {
        agent.destroy();
        await server.kill();
        await reaper.finish();
      },
    };
  } catch (error) {
    agent.destroy();
    await reaper.finish();
    throw error;
  }
}

async function writeFiles(folder: string, world: World, options: XrootdOptions): Promise<void> {
  const { files = {}, groups = [] } = options;
  for (const name of ['files', 'admin', 'cache']) await mkdir(join(folder, name));
  for (const [path, content] of Object.entries(files)) {
    const target = join(folder, 'files', path);
    await mkdir(join(target, '..'), { recursive: true });
    await writeFile(target, content);
  }
  await writeFile(join(folder, 'certificate.pem'), world.certificate);
  await writeFile(join(folder, 'key.pem'), world.key, { mode: 0o600 });
  await writeFile(join(folder, 'authdb'), `${groups.join('\n')}\n`);
  await writeFile(join(folder, 'scitokens.cfg'), describeIssuers(options));
  const settings = [
    'all.export /',
    `oss.localroot ${join(folder, 'files')}`,
    `all.adminpath ${join(folder, 'admin')}`,
    `all.pidpath ${join(folder, 'admin')}`,
    `xrd.port ${ROOT_PORT}`,
    `xrd.tls ${join(folder, 'certificate.pem')} ${join(folder, 'key.pem')}`,
    `xrd.tlsca certfile ${world.caFile}`,
    `xrd.protocol XrdHttp:${HTTP_PORT} libXrdHttp.so`,
    'http.header2cgi Authorization authz',
    'ofs.authorize 1',
    `ofs.authlib ${groups.length === 0 ? '' : '++ '}libXrdAccSciTokens.so config=${join(folder, 'scitokens.cfg')}`,
    'scitokens.trace all',
    ...(groups.length === 0 ? [] : [`acc.authdb ${join(folder, 'authdb')}`]),
  ];
  await writeFile(join(folder, 'xrootd.cfg'), `${settings.join('\n')}\n`);
  await chmod(folder, 0o755);
  for (const name of await readdir(folder, { recursive: true }))
    await lchown(join(folder, name), NOBODY, NOBODY);
  await chown(folder, NOBODY, NOBODY);
}

/** scitokens.cfg, as on the page of `jwt-injector jwks` and in the quickstart. */
function describeIssuers({ issuers, audiences = [] }: XrootdOptions): string {
  const sections = issuers.map(({ issuer, basePath = BASE_PATH }, index) =>
    [`[Issuer ${index}]`, `issuer = ${issuer}`, `base_path = ${basePath}`, ''].join('\n'),
  );
  const known = audiences.length === 0 ? [] : [`[Global]\naudience = ${audiences.join(', ')}\n`];
  return [...known, ...sections].join('\n');
}

function createClient(agent: Agent, logFile: string): Xrootd['ask'] {
  return async ({ path, token, method = 'GET', body, tokenIn = 'header', headers = {} }) => {
    const { size } = await stat(logFile);
    const query = token !== undefined && tokenIn === 'query' ? `?authz=Bearer%20${token}` : '';
    // Not "authorization": in HTTP names are case-insensitive, but not in XRootD 5.5.
    const authorization =
      token !== undefined && tokenIn === 'header' ? { Authorization: `Bearer ${token}` } : {};
    const url = `https://storage.example.com:${HTTP_PORT}${path}${query}`;
    const asking = request(url, { method, agent, headers: { ...headers, ...authorization } });
    const answered = new Promise<{ status: number; body: string }>((resolve, reject) => {
      asking.on('error', reject).on('response', (response) => {
        const { statusCode: status = 0 } = response;
        text(response).then((words) => resolve({ status, body: words }), reject);
      });
    });
    asking.end(body);
    const answer = await answered;
    return { ...answer, log: await text(createReadStream(logFile, { start: size })) };
  };
}
