import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { describe, it, type TestContext } from 'node:test';
import { readCertificates } from '../../../src/certificates/read-certificates.ts';
import { certsCommand } from '../../../src/commands/certs.ts';
import { readAuthorities } from '../../../src/commands/certs/read-authorities.ts';
import { addTrust } from '../../../src/commands/certs/add-trust.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import type { JsonObject } from '../../../src/resources/json.ts';
import { DAY, make, NOW } from '../../certificates/made.ts';
import { runCommand } from '../captured-io.ts';

const YEARS = 500 * DAY;

async function authority(now = NOW): Promise<X509Certificate> {
  const { 'ca.crt': text } = await make(now);
  return new X509Certificate(text);
}

const ENTRIES = ['a.tokens.osg-htc.org', 'x.example.org', 'b.tokens.osg-htc.org'] as const;

/** An entry of `managedFields` for `caBundle` of all webhooks. */
function managerOfBundles(manager: string, operation: string): JsonObject {
  const webhooks = ENTRIES.map((name) => [
    `k:{"name":"${name}"}`,
    { 'f:clientConfig': { 'f:caBundle': {} } },
  ]);
  return { manager, operation, fieldsV1: { 'f:webhooks': Object.fromEntries(webhooks) } };
}

/**
 * A cluster with both configurations, each with two entries of ours and one of another product. If the bytes
 * of a bundle change, it removes the ownership of other managers, as the API server does.
 */
function openCluster(
  bundle: string,
  annotations: Readonly<Record<string, string>> = {},
  managedFields: readonly JsonObject[] = [],
) {
  const entry = (name: string) => ({
    name,
    clientConfig: { caBundle: Buffer.from(bundle).toString('base64') },
  });
  const stored = new Map<string, JsonObject>();
  const writes: string[] = [];
  const beforeWrite: (() => void)[] = [];
  for (const kind of ['mutating', 'validating']) {
    const webhooks = ENTRIES.map(entry);
    const path = `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations/jwt-injector`;
    const managers = structuredClone(managedFields);
    stored.set(path, { metadata: { resourceVersion: '1', annotations, managedFields: managers }, webhooks });
  }
  const webhooksOf = (path: string) =>
    (stored.get(path)?.['webhooks'] ?? []) as { name: string; clientConfig: { caBundle: string } }[];
  const takeOver = (path: string, name: string): void => {
    const { managedFields: managers } = Object(stored.get(path)?.['metadata']) as {
      managedFields: { fieldsV1: { 'f:webhooks': Record<string, unknown> } }[];
    };
    for (const { fieldsV1 } of managers) delete fieldsV1['f:webhooks'][`k:{"name":"${name}"}`];
  };
  const client = {
    get: async (path: string) => structuredClone(stored.get(path) ?? {}),
    jsonPatch: async (path: string, operations: readonly unknown[]) => {
      beforeWrite.shift()?.();
      for (const { op, path: at, value } of operations as { op: string; path: string; value: string }[]) {
        const [, , index, member] = at.split('/');
        const { resourceVersion } = Object(stored.get(path)?.['metadata']) as { resourceVersion: string };
        if (op === 'test' && at === '/metadata/resourceVersion' && value !== resourceVersion)
          throw conflict();
        const webhook = webhooksOf(path)[Number(index)];
        if (member !== 'clientConfig' || webhook === undefined) continue;
        if (webhook.clientConfig.caBundle !== value) takeOver(path, webhook.name);
        webhook.clientConfig.caBundle = value;
      }
      writes.push(path);
      return structuredClone(stored.get(path) ?? {});
    },
  };
  const bundles = (): readonly (readonly X509Certificate[])[] =>
    [...stored.keys()].flatMap((path) =>
      webhooksOf(path).map(({ clientConfig }) =>
        readCertificates(Buffer.from(clientConfig.caBundle, 'base64').toString()),
      ),
    );
  const touch = (): void => {
    for (const [path, object] of stored)
      stored.set(path, { ...object, metadata: { ...Object(object['metadata']), resourceVersion: '2' } });
  };
  return { client, bundles, writes, beforeWrite, touch };
}

const names = (bundle: readonly X509Certificate[] | undefined): readonly string[] =>
  (bundle ?? []).map(({ fingerprint256 }) => fingerprint256);

async function trust(
  { client }: Pick<ReturnType<typeof openCluster>, 'client'>,
  authorities: readonly X509Certificate[],
  { isAlone = false, isKept = false } = {},
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const io = {
    stdout: { write: (text: string) => out.push(text) },
    stderr: { write: (text: string) => err.push(text) },
  };
  const code = await addTrust({ client }, { authorities, isAlone, isKept, now: NOW }, io);
  return { code, out: out.join(''), err: err.join('') };
}

describe('certs trust', () => {
  it('adds a CA to the trusted ones, in all our entries and no others; expired ones are removed', async () => {
    const [added, present, old] = [await authority(), await authority(), await authority(NOW - YEARS)];
    const cluster = openCluster(`${present.toString()}${old.toString()}`);
    const { code, out } = await trust(cluster, [added]);
    assert.equal(code, 0);
    assert.equal(
      out,
      `mutating webhook configuration jwt-injector: 2 of 2 entries changed: they trust it beside what was there
validating webhook configuration jwt-injector: 2 of 2 entries changed: they trust it beside what was there
`,
    );
    const [ours, foreign, also] = cluster.bundles();
    assert.deepEqual(names(ours), names([added, present]));
    assert.deepEqual(names(also), names(ours));
    assert.deepEqual(names(foreign), names([present, old]));
  });

  it('writes nothing the second time', async () => {
    const [added, present] = [await authority(), await authority()];
    const cluster = openCluster(`${present.toString()}${added.toString()}`);
    const { code, out } = await trust(cluster, [added]);
    assert.deepEqual([code, cluster.writes], [0, []]);
    assert.match(out, /^mutating .*: all 2 entries trust it already$/m);
  });

  it('--alone removes all other CAs', async () => {
    const [added, present] = [await authority(), await authority()];
    const cluster = openCluster(`${present.toString()}${added.toString()}`);
    assert.match((await trust(cluster, [added], { isAlone: true })).out, /they trust it and nothing else$/m);
    assert.deepEqual(names(cluster.bundles()[0]), names([added]));
  });

  it('does not write a bundle that is too large to keep its other CAs, except with --alone', async () => {
    const added = await authority();
    const many = await Promise.all(Array.from({ length: 32 }, () => authority()));
    const cluster = openCluster(many.map(String).join(''));
    const { code, err } = await trust(cluster, [added]);
    assert.deepEqual([code, cluster.writes], [1, []]);
    assert.match(
      err,
      /^error: caBundle of a\.tokens.* would hold more than 32 certificates: .*certs trust FILE --alone"$/m,
    );
    assert.equal((await trust(cluster, [added], { isAlone: true })).code, 0);
    assert.deepEqual(names(cluster.bundles()[0]), names([added]));
  });

  it('repeats the change if a configuration changed meanwhile, and gives up if it changes each time', async () => {
    const [added, present] = [await authority(), await authority()];
    const cluster = openCluster(present.toString());
    cluster.beforeWrite.push(cluster.touch);
    assert.equal((await trust(cluster, [added])).code, 0);
    assert.deepEqual(names(cluster.bundles()[0]), names([added, present]));
    const restless = openCluster(present.toString());
    const change = { ...restless.client, jsonPatch: async () => Promise.reject(conflict()) };
    await assert.rejects(trust({ client: change }, [added]), KubeError);
  });

  it('leaves a bundle alone that cert-manager maintains, and says so', async () => {
    const cluster = openCluster('', { 'cert-manager.io/inject-ca-from': 'jwt-injector/jwt-injector' });
    const { code, err } = await trust(cluster, [await authority()]);
    assert.deepEqual([code, cluster.writes], [1, []]);
    assert.match(
      err,
      /^error: the mutating webhook configuration .*inject-ca-from: cert-manager keeps its caBundle/,
    );
  });
});

describe('certs trust --keep', () => {
  it('writes the same bundle with other bytes if another manager applied it, so that it stays when that one leaves it out', async () => {
    const present = await authority();
    const text = `${present.toString().trimEnd()}\n`;
    for (const written of [text, text.trimEnd()]) {
      const cluster = openCluster(written, {}, [managerOfBundles('helm', 'Apply')]);
      const { code, out } = await trust(cluster, [present], { isKept: true });
      assert.deepEqual([code, cluster.writes.length], [0, 2]);
      assert.match(
        out,
        /^mutating .*: 2 of 2 entries changed: they trust it beside what was there, and keep that$/m,
      );
      for (const bundle of cluster.bundles()) assert.deepEqual(names(bundle), names([present]));
      assert.equal((await trust(cluster, [present], { isKept: true })).code, 0);
      assert.equal(cluster.writes.length, 2, 'a second time writes nothing');
    }
  });

  it('writes nothing if no manager applied it, or if an added CA changes the bytes anyway', async () => {
    const [added, present] = [await authority(), await authority()];
    for (const managers of [[], [managerOfBundles('jwt-injector', 'Update')]]) {
      const cluster = openCluster(present.toString(), {}, managers);
      assert.equal((await trust(cluster, [present], { isKept: true })).code, 0);
      assert.deepEqual(cluster.writes, []);
    }
    const cluster = openCluster(present.toString(), {}, [managerOfBundles('helm', 'Apply')]);
    assert.equal((await trust(cluster, [added], { isKept: true })).code, 0);
    assert.deepEqual(names(cluster.bundles()[0]), names([added, present]));
    const without = openCluster(present.toString(), {}, [managerOfBundles('helm', 'Apply')]);
    assert.equal((await trust(without, [present])).code, 0);
    assert.deepEqual(without.writes, [], 'without --keep');
  });

  it('fails if it is applied again at once, and names the manager', async () => {
    const present = await authority();
    const { client } = openCluster(present.toString(), {}, [managerOfBundles('argocd-controller', 'Apply')]);
    const restless = { ...client, jsonPatch: async () => ({}) };
    const { code, err } = await trust({ client: restless }, [present], { isKept: true });
    assert.equal(code, 1);
    assert.match(
      err,
      /^error: caBundle of a\.tokens\S+ is applied by "argocd-controller" again: suspend what does that, .*\n$/,
    );
  });

  it('names the flags for a release that Helm wrote without server-side apply', async () => {
    const present = await authority();
    const cluster = openCluster(present.toString(), {}, [managerOfBundles('helm', 'Update')]);
    const { code, err } = await trust(cluster, [present], { isKept: true });
    assert.deepEqual([code, cluster.writes.length], [0, 2]);
    assert.match(
      err,
      /^warning: Helm .* without server-side apply.* --server-side=true --force-conflicts .*\n$/,
    );
  });
});

function conflict(): KubeError {
  return new KubeError({
    verb: 'patch',
    resource: 'webhookconfigurations',
    name: 'jwt-injector',
    status: 409,
    reason: 'Conflict',
  });
}

describe('the file of certs trust', () => {
  it('must have valid certificates, and not too many; each counts once', async () => {
    const [first, old] = [await authority(), await authority(NOW - YEARS)];
    const twice = readAuthorities(`${first.toString()}${first.toString()}`, 'ca.crt', NOW);
    assert.ok(twice.ok && twice.value.length === 1);
    const problem = (text: string): string => {
      const read = readAuthorities(text, 'ca.crt', NOW);
      return read.ok ? '' : read.problem.message;
    };
    assert.match(problem('key'), /^ca\.crt holds no certificate: it has to be PEM text/);
    assert.match(
      problem(old.toString()),
      /^ca\.crt holds a certificate that expired at 20\d\d-.*jwt-injector CA/,
    );
    const many = await Promise.all(Array.from({ length: 9 }, () => authority()));
    assert.match(problem(many.map(String).join('')), /holds 9 certificates, and at most 8 are taken/);
  });

  it('gives one line if it is missing or not usable, and no cluster is read', async (t: TestContext) => {
    const file = `/tmp/jwt-injector-certs-${process.pid}.pem`;
    await writeFile(file, 'no certificate');
    t.after(() => rm(file));
    const outside = await runCommand(certsCommand, ['trust', '/no/such/file']);
    assert.deepEqual([outside.code, outside.out], [3, '']);
    assert.match(outside.err, /^error: cannot read \/no\/such\/file: .*\n$/);
    const refused = await runCommand(certsCommand, ['trust', file]);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /^error: .* holds no certificate: .*\n$/);
  });

  for (const [args, says] of [
    [['trust'], /certs trust needs a file/],
    [['trust', 'a', 'b'], /unexpected argument "b"/],
    [['trust', 'a', '-o', 'json'], /-o and -n are flags of certs without trust/],
    [['show'], /certs takes no word except trust/],
    [['--alone'], /--alone is a flag of certs trust/],
    [['--keep'], /--keep is a flag of certs trust/],
  ] as const) {
    it(`wrong usage: certs ${args.join(' ')}`, async () => {
      const { code, err } = await runCommand(certsCommand, [...args]);
      assert.equal(code, 2);
      assert.match(err, says);
    });
  }
});
