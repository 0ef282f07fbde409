import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'node:test';
import { decodeProtectedHeader } from 'jose';
import { jwksCommand } from '../../src/commands/jwks.ts';
import { keygenCommand } from '../../src/commands/keygen.ts';
import { rotateCommand } from '../../src/commands/rotate.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { secretText } from '../integration/objects.ts';
import { signChanged } from './hand-made.ts';
import { shortenRefresh } from './key-cache.ts';
import { BASE_PATH, ISSUER } from './names.ts';
import { rotateQuickly } from './rotate-quickly.ts';
import { startSigner, type Signer } from './signer.ts';
import { openWorld } from './world.ts';
import { startXrootd, type Xrootd } from './xrootd.ts';

const HELLO = `${BASE_PATH}/hello.txt`;
const NAMESPACE = 'rotation';
const NAME = 'rotated';
const REFRESH_SECONDS = 5;
/**
 * Number of reads with the new key: for more than a minute at one a second, as XRootD keeps decisions for a
 * minute.
 */
const ENOUGH = 130;
const ENDS_WITHIN_MS = 180_000;

/** The results of a loop of readers. */
interface Tally {
  reads: number;
  readonly refused: string[];
  /** Number of reads by the `kid` of their token. */
  readonly kids: Map<unknown, number>;
}

/** A loop of reads, and its results so far. */
interface Readers {
  readonly tally: Tally;
  stop(): Promise<void>;
}

/**
 * A rotation by command, with a live issuer and readers that never stop. Two times are shortened:
 * scitokens-cpp fetches keys every 5 s instead of 600, and the 15 minutes of `rotate` are over after the next
 * fetch. With WHOLE_ROTATION=yes none is shortened, and it takes 17 minutes.
 */
describe('a rotation, seen by XRootD', { concurrency: false }, () => {
  const world = openWorld();
  const isWhole = process.env['WHOLE_ROTATION'] === 'yes';
  let signer: Signer;
  let storage: Xrootd;
  let refresh: Disposable | undefined;
  let readers: Readers;
  let former: string;
  let firstToken: string;
  before(async () => {
    signer = await startSigner(world, NAMESPACE);
    storage = await startXrootd(world, {
      issuers: [{ issuer: ISSUER }],
      files: { [HELLO]: 'Hello, OSDF\n' },
    });
    const made = [NAME, '--issuer', ISSUER, '--to-cluster', '-n', NAMESPACE, '--dir', world.folder];
    assert.equal((await signer.admin.run(keygenCommand, ...made)).code, 0);
    const manifest = join(world.folder, `${NAME}-jwt.yaml`);
    await signer.stage.cluster.kubectl(['apply', '-n', NAMESPACE, '-f', manifest]);
    await signer.objects.waitForCondition(NAMESPACE, NAME, 'Ready', 'True');
    await signer.publish('issuer.example.com', NAME);
    firstToken = await signer.tenant.tokenOf(NAME);
    former = String(decodeProtectedHeader(firstToken).kid);
    const { status, log } = await storage.ask({ path: HELLO, token: firstToken });
    assert.equal(status, 200, log);
    if (!isWhole) refresh = shortenRefresh(storage, REFRESH_SECONDS);
    readers = startReaders();
  });
  after(async () => {
    await readers.stop();
    refresh?.[Symbol.dispose]();
    await storage[Symbol.asyncDispose]();
    await signer[Symbol.asyncDispose]();
  });

  const site = (): string => join(signer.site.folder, 'issuer.example.com');
  const rotate = async (...args: readonly string[]) => {
    const flags = ['-n', NAMESPACE, '--dir', site(), '--ca-file', world.caFile, '-o', 'json', ...args];
    const { code, out, err } = await signer.admin.run(rotateCommand, NAME, ...flags);
    assert.equal(err, '');
    return { code, report: JSON.parse(out) };
  };

  /**
   * Reads with the present token of the Secret, and with a new one of the same key, about which the server
   * has not decided yet: it keeps a decision for a minute. The first token is one that a pod still has.
   */
  function startReaders(): Readers {
    const tally: Tally = { reads: 0, refused: [], kids: new Map() };
    const end = new AbortController();
    const read = async (token: string, what: string): Promise<void> => {
      const { status, log } = await storage.ask({ path: HELLO, token });
      tally.reads += 1;
      const { kid } = decodeProtectedHeader(token);
      tally.kids.set(kid, (tally.kids.get(kid) ?? 0) + 1);
      if (status !== 200) tally.refused.push(`${what}: ${status} ${log}`);
    };
    const loop = async (): Promise<void> => {
      while (!end.signal.aborted) {
        const token = await signer.tenant.tokenOf(NAME);
        await read(token, 'the token of the Secret');
        const changed = { claims: { jti: crypto.randomUUID() } };
        await read(signChanged(token, await keyOf(token), changed), 'a new token of its key');
        await read(firstToken, 'the first token');
        await sleep(isWhole ? 1_000 : 100);
      }
    };
    const done = loop();
    done.catch(() => {}); // `stop` throws it
    return {
      tally,
      stop: async () => {
        end.abort();
        await done;
      },
    };
  }

  /** The private key of a token, from the Secret of its `kid`. */
  async function keyOf(token: string) {
    const isFormer = decodeProtectedHeader(token).kid === former;
    const { spec } = await signer.objects.get('jwts', NAMESPACE, NAME);
    const name = isFormer ? `${NAME}-key` : spec.key.secret.name;
    return createPrivateKey(secretText(await signer.objects.get('secrets', NAMESPACE, name), 'key.pem'));
  }

  it('ends with the new key, and no read was refused meanwhile', { timeout: 1_500_000 }, async () => {
    const rotated = isWhole
      ? await rotate()
      : await rotateQuickly({
          namespace: NAMESPACE,
          name: NAME,
          rotate,
          kubectl: signer.stage.cluster.kubectl,
          storage,
        });
    const { newKeyId, oldKeyId } = rotated.report;
    assert.deepEqual([rotated.code, rotated.report.step, oldKeyId], [0, 'keep-old', former]);
    const removal = [NAME, '-n', NAMESPACE, '--dir', site(), `--remove=${former}`];
    const { code, err: problem } = await signer.admin.run(jwksCommand, ...removal);
    assert.deepEqual([code, /it is still in use/.test(problem)], [1, true], problem);
    const { tally } = readers;
    await waitUntil(
      'readings with the new key',
      ENDS_WITHIN_MS,
      () => (tally.kids.get(newKeyId) ?? 0) > ENOUGH,
    );
    await readers.stop();
    const { reads, refused, kids } = tally;
    console.log(`${reads} readings, ${refused.length} refused`);
    assert.deepEqual(refused, []);
    assert.deepEqual([...kids.keys()], [former, newKeyId]);
    assert.ok(reads > 50, `${reads} readings`);
  });
});
