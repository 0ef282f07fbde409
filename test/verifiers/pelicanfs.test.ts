import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { decodeJwt } from 'jose';
import { waitUntil } from '../controlplane/wait-until.ts';
import { BASE_PATH, ISSUER } from './names.ts';
import { startDirector, type Director } from './pelicanfs/director.ts';
import { startReader, type Reader, type Reading } from './pelicanfs/reader.ts';
import { PLAIN_DATA, PLAIN_SPEC, startSigner, usesKey, type Signer } from './signer.ts';
import { mountToken, type TokenFile } from './token-file.ts';
import { openWorld } from './world.ts';
import { HTTP_PORT, startXrootd, type Xrootd } from './xrootd.ts';

const HELLO = `pelican://director.example.com${BASE_PATH}/hello.txt`;
const EXPIRES_WITHIN_MS = 90_000; // the shortest lifetime of a JWT is a minute
const READ: Reading = { text: 'Hello, OSDF\n' };
/** The errors for users when the storage refuses: at the first read of a process, and at a later one. */
const NO_SOURCE: Reading = { error: 'NoAvailableSource' };
const REFUSED: Reading = { error: 'ClientResponseError' };

/**
 * pelicanfs with the file of the service's own token, a director and XRootD. Each JWT has its name as `sub`,
 * so that XRootD's log shows whose token was sent.
 */
describe('pelicanfs with the file of a token', { concurrency: false }, () => {
  const world = openWorld();
  const readers: Reader[] = [];
  let signer: Signer;
  let storage: Xrootd;
  let director: Director;
  const files: Record<string, TokenFile> = {};
  before(async () => {
    signer = await startSigner(world, 'pelicanfs');
    storage = await startXrootd(world, {
      issuers: [{ issuer: ISSUER }],
      files: { [`${BASE_PATH}/hello.txt`]: 'Hello, OSDF\n' },
    });
    director = await startDirector(world, {
      issuers: [ISSUER],
      storage: `https://storage.example.com:${HTTP_PORT}`,
    });
    for (const kid of ['first', 'second']) await signer.makeKey(kid, 'ES256');
    const tokens = await signer.sign({
      long: { data: { ...PLAIN_DATA, sub: 'long' } },
      short: { data: { ...PLAIN_DATA, sub: 'short' }, expiryTime: { minutes: 1 } },
      next: usesKey('second'),
    });
    await signer.publish('issuer.example.com', ...Object.keys(tokens));
    for (const [name, token] of Object.entries(tokens)) files[name] = await mountToken(world.folder, token);
  });
  after(async () => {
    for (const reader of readers) await reader[Symbol.asyncDispose]();
    await director[Symbol.asyncDispose]();
    await storage[Symbol.asyncDispose]();
    await signer[Symbol.asyncDispose]();
  });

  function fileOf(name: string): TokenFile {
    return files[name] ?? assert.fail(name);
  }

  async function startProcess(path: string): Promise<Reader> {
    const reader = await startReader(world, path);
    readers.push(reader);
    return reader;
  }

  /** One read, with the `sub` of the token that XRootD accepted meanwhile. */
  async function read(reader: Reader): Promise<readonly [Reading, string | undefined]> {
    const length = (await storage.log()).length;
    const reading = await reader.read(HELLO);
    const log = (await storage.log()).slice(length);
    return [reading, /token mapped_username=.*?, subject=([\w-]+)/.exec(log)?.[1]];
  }

  /**
   * Changes the JWT, which is signed again at once, and writes the new token into the file, as the kubelet
   * does.
   */
  async function change(name: string, spec: Readonly<Record<string, unknown>>): Promise<void> {
    const former = await signer.tenant.tokenOf(name);
    await signer.tenant.apply(name, { ...PLAIN_SPEC, ...spec });
    await fileOf(name).show(
      await signer.tenant.waitForToken(name, (token) => token !== '' && token !== former),
    );
  }

  it('only reads with the token of the file', async () => {
    assert.deepEqual(await read(await startProcess(fileOf('long').path)), [READ, 'long']);
    assert.deepEqual(await read(await startProcess(join(world.folder, 'missing'))), [NO_SOURCE, undefined]);
  });

  it('a new process uses a renewed token, while a running one keeps the old one', async () => {
    const running = await startProcess(fileOf('long').path);
    assert.deepEqual(await read(running), [READ, 'long']);
    await change('long', { data: { ...PLAIN_DATA, sub: 'renewed' } });
    assert.deepEqual(await read(running), [READ, 'long']);
    assert.deepEqual(await read(await startProcess(fileOf('long').path)), [READ, 'renewed']);
  });

  it('after a rotation a new process reads with the new key; a running one fails once, when its token has expired', async () => {
    const running = await startProcess(fileOf('short').path);
    assert.deepEqual(await read(running), [READ, 'short']);
    const { exp = 0 } = decodeJwt(await signer.tenant.tokenOf('short'));
    const rotated = { ...usesKey('second'), data: { ...PLAIN_DATA, sub: 'rotated' } };
    await change('short', rotated);
    assert.deepEqual(await read(await startProcess(fileOf('short').path)), [READ, 'rotated']);
    assert.deepEqual(await read(running), [READ, 'short']);
    await waitUntil('the first token to expire', EXPIRES_WITHIN_MS, () => Date.now() > (exp + 1) * 1000);
    await storage.restart(); // otherwise it would accept the expired one as long as it keeps its decision
    assert.deepEqual(await read(running), [REFUSED, undefined]);
    assert.deepEqual(await read(running), [READ, 'rotated']);
  });
});
