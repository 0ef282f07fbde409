import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commandPrinter } from '../../../src/commands/cluster/command-printer.ts';
import { findFaults } from '../../../src/commands/doctor/checks.ts';
import { gather } from '../../../src/commands/doctor/gather.ts';
import { checkJwts } from '../../../src/commands/doctor/check-jwts.ts';
import { takeCensus } from '../../../src/commands/doctor/take-census.ts';
import { tryPod } from '../../../src/commands/doctor/try-pod.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import { wellInstallation } from './well-installation.ts';
import { answer, clientOf, clusterAt, refuse, startBadServer, type Handler } from '../../kube/bad-server.ts';

async function withServer<T>(
  handler: Handler,
  use: (client: ReturnType<typeof clientOf>) => Promise<T>,
): Promise<T> {
  await using server = await startBadServer(handler);
  await using client = clientOf(clusterAt(server.url));
  return await use(client);
}

const jwts = (count: number): object => ({
  kind: 'JWTList',
  apiVersion: 'tokens.osg-htc.org/v1',
  metadata: {},
  items: Array.from({ length: count }, (_, index) => wireJwt({}, { metadata: { name: `jwt-${index}` } })),
});

describe('the reading of doctor', () => {
  it('continues if the API server fails or refuses, and reports neither as a fault of the installation', async () => {
    for (const status of [403, 500]) {
      const snapshot = await withServer(
        ({ path }, response) => {
          if (path === '/version') answer(response, 200, { gitVersion: 'v1.34.1' });
          else refuse(response, status, status === 403 ? 'Forbidden' : 'InternalError');
        },
        (client) => gather({ client, printer: commandPrinter({}), namespace: 'kube-system' }, undefined),
      );
      assert.equal(snapshot.tryNamespace, 'default');
      const faults = findFaults(snapshot);
      assert.deepEqual(
        faults.filter(({ result }) => result === 'problem'),
        [],
      );
      assert.ok(faults.filter(({ result }) => result === 'unknown').length > 10);
    }
  });

  it('looks where the webhook configurations say if jwt-injector is not in the given namespace', async () => {
    const webhooks = [{ clientConfig: { service: { name: 'jwt-injector', namespace: 'tokens' } } }];
    const asked: string[] = [];
    const gatherIn = (given: string) =>
      withServer(
        ({ path }, response) => {
          asked.push(path);
          if (path === '/version') answer(response, 200, { gitVersion: 'v1.34.1' });
          else if (path.endsWith('webhookconfigurations/jwt-injector')) answer(response, 200, { webhooks });
          else if (path.endsWith('/tokens/deployments/jwt-injector')) answer(response, 200, {});
          else refuse(response, 404, 'NotFound');
        },
        (client) => gather({ client, printer: commandPrinter({}), namespace: 'science' }, given),
      );
    const elsewhere = await gatherIn('science');
    assert.deepEqual([elsewhere.namespace, elsewhere.wrongNamespace], ['tokens', 'science']);
    assert.ok(asked.some((path) => path.includes('/namespaces/tokens/services/')));
    const there = await gatherIn('tokens');
    assert.deepEqual([there.namespace, there.wrongNamespace], ['tokens', undefined]);
  });

  it('ends if the API server does not accept the credentials', async () => {
    const asked = withServer(
      (_request, response) => refuse(response, 401, 'Unauthorized'),
      (client) => gather({ client, printer: commandPrinter({}), namespace: 'x' }, undefined),
    );
    await assert.rejects(asked, (error) => error instanceof KubeError && error.status === 401);
  });

  it('reads no Secret and asks for no right by a flag that run refuses, and says so', async () => {
    const args = ['run', '--tls-secret=Bad_Name', '--namespaces=a,,b'];
    const deployment = { spec: { template: { spec: { containers: [{ name: 'jwt-injector', args }] } } } };
    const paths: string[] = [];
    const bodies: string[] = [];
    const snapshot = await withServer(
      ({ path, body }, response) => {
        paths.push(path);
        bodies.push(body);
        if (path === '/version') answer(response, 200, { gitVersion: 'v1.34.1' });
        else if (path.endsWith('/deployments/jwt-injector')) answer(response, 200, deployment);
        else if (path.endsWith('reviews')) answer(response, 201, { status: { allowed: true } });
        else refuse(response, 404, 'NotFound');
      },
      (client) => gather({ client, printer: commandPrinter({}), namespace: 'x' }, undefined),
    );
    assert.deepEqual(
      paths.filter((path) => /secrets|subjectaccessreviews$/.test(path)),
      ['/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'],
    );
    assert.ok(!bodies.some((body) => body.includes('secrets')));
    const said = findFaults(snapshot).filter(({ message }) => message.includes('has an invalid flag'));
    assert.deepEqual(
      said.map(({ check, result, message }) => [check, result, /--\S+/.exec(message)?.[0]]),
      [
        ['rights', 'problem', '--namespaces'],
        ['certificate', 'problem', '--tls-secret'],
      ],
    );
  });

  describe('of an installation', () => {
    /** What it finds where the Deployments are as given; each pod in a namespace of `served` gets its token. */
    const gatherWith = (
      args: readonly string[],
      { served, status = 404 }: { served: string; status?: number },
    ) => {
      const paths: string[] = [];
      const deployment = { spec: { template: { spec: { containers: [{ name: 'jwt-injector', args }] } } } };
      const env = [{ name: 'BEARER_TOKEN_FILE', value: '/x' }];
      const jwtsHere = ['science', 'elsewhere'].map((namespace) =>
        wireJwt({}, { metadata: { namespace, creationTimestamp: '2026-01-01T00:00:00Z' } }),
      );
      const reading = withServer(
        ({ path }, response) => {
          paths.push(path);
          if (path === '/version') answer(response, 200, { gitVersion: 'v1.34.1' });
          else if (path.includes('/deployments/')) {
            if (path.endsWith('/jwt-injector') && status === 404) answer(response, 200, deployment);
            else refuse(response, status, status === 403 ? 'Forbidden' : 'NotFound');
          } else if (path.endsWith('/pods'))
            answer(response, 201, { spec: { containers: path.includes(`/${served}/`) ? [{ env }] : [] } });
          else if (path.endsWith('/v1/jwts')) answer(response, 200, { metadata: {}, items: jwtsHere });
          else if (path.endsWith('reviews')) answer(response, 201, { status: { allowed: false } });
          else refuse(response, 404, 'NotFound');
        },
        (client) => gather({ client, printer: commandPrinter({}), namespace: 'default' }, undefined),
      );
      return reading.then((snapshot) => ({ paths, findings: findFaults(snapshot) }));
    };

    it('for some namespaces: tries the pod in one of them, and expects nothing of JWTs elsewhere', async () => {
      const { findings } = await gatherWith(['run', '--namespaces=science'], { served: 'science' });
      const of = (check: string) => findings.filter((finding) => finding.check === check);
      assert.deepEqual(
        of('tried-pod').map(({ result }) => result),
        ['ok'],
      );
      assert.deepEqual(
        of('jwts').map(({ result, message }) => [result, message]),
        [
          [
            'problem',
            '1 JWT not looked at by jwt-injector since they were created; the first is science/my-jwt',
          ],
          [
            'unknown',
            '1 JWT in namespaces that jwt-injector is not to serve (--namespaces); the first is elsewhere/my-jwt',
          ],
        ],
      );
    });

    it('whose Deployments may not be read: neither asks for rights that it may not need, nor expects a token anywhere', async () => {
      const { paths, findings } = await gatherWith([], { served: 'science', status: 403 });
      assert.ok(!paths.some((path) => path.endsWith('/subjectaccessreviews')));
      const judged = findings.filter(({ check }) => ['rights', 'tried-pod'].includes(check));
      assert.deepEqual(
        judged.map(({ check, result }) => [check, result]),
        [
          ['rights', 'unknown'],
          ['tried-pod', 'unknown'],
        ],
      );
    });
  });

  it('counts no more JWTs than the limit, and says that there are more', async () => {
    for (const [most, isCut] of [
      [5, true],
      [8, false],
    ] as const) {
      const census = await withServer(
        (_request, response) => answer(response, 200, jwts(8)),
        (client) => takeCensus(client, { namespace: 'x', served: undefined }, most),
      );
      assert.ok(census.state === 'found');
      assert.deepEqual([census.value.seen.size, census.value.isCut], [most, isCut]);
    }
  });

  for (const [status, reason, why] of [
    [
      403,
      'Forbidden',
      /^2 JWTs in namespace x \(no further: you are not allowed to list jwts in all namespaces\)/,
    ],
    [504, 'Timeout', /^2 JWTs in namespace x \(no further: the API server refused to list jwts: /],
  ] as const) {
    it(`counts those of one namespace if all cannot be listed, with the reason: ${reason}`, async () => {
      const census = await withServer(
        ({ path }, response) => {
          if (path.includes('/namespaces/x/')) answer(response, 200, jwts(2));
          else refuse(response, status, reason);
        },
        (client) => takeCensus(client, { namespace: 'x', served: undefined }),
      );
      const [judgement] = checkJwts({ ...(await wellInstallation(0)), jwts: census });
      assert.match(judgement?.message ?? '', why);
    });
  }
});

describe('the dry run of a pod', () => {
  const tried = (status: number, body: object): Promise<unknown> =>
    withServer(
      ({ query }, response) => {
        assert.equal(query.get('dryRun'), 'All');
        answer(response, status, body);
      },
      (client) => tryPod(client, 'x'),
    );

  it('has its token, or has none', async () => {
    const containers = [{ name: 'main', env: [{ name: 'BEARER_TOKEN_FILE', value: '/x' }] }];
    assert.deepEqual(await tried(201, { spec: { containers } }), { outcome: 'injected' });
    assert.deepEqual(await tried(201, { spec: { containers: [{ name: 'main' }] } }), {
      outcome: 'unchanged',
    });
  });

  it('is refused because our webhook does not answer, or for another reason', async () => {
    const message =
      'Internal error occurred: failed calling webhook "pods.tokens.osg-htc.org": x509: certificate signed by unknown authority';
    const body = { kind: 'Status', reason: 'InternalError', message };
    assert.deepEqual(await tried(500, body), { outcome: 'no-answer' });
    const quota = 'pods "x" is forbidden: exceeded quota: small, requested: pods=1';
    assert.deepEqual(await tried(403, { kind: 'Status', reason: 'Forbidden', message: quota }), {
      outcome: 'refused',
      why: 'quota small',
    });
  });

  it('is not made for a user who is not allowed to create pods', async () => {
    const message =
      'pods is forbidden: User "x" cannot create resource "pods" in API group "" in the namespace "x"';
    await assert.rejects(tried(403, { kind: 'Status', reason: 'Forbidden', message }), KubeError);
  });
});
