import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { migrateCommand } from '../../../src/commands/migrate.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import { refuse } from '../../kube/bad-server.ts';
import { startStoredApi, type StoredApi } from '../stored-api.ts';

const FINALIZER = 'kopf.zalando.org/KopfFinalizerMarker';
const JWT = '/apis/tokens.osg-htc.org/v1/namespaces/science/jwts/my-jwt';
const RUNNING = {
  metadata: { name: 'token-manager', namespace: 'operators' },
  spec: { replicas: 1 },
  status: { replicas: 1 },
};

describe('migrate clean', () => {
  let api: StoredApi;
  beforeEach(async () => {
    api = await startStoredApi();
    offerJwts(true);
    api.objects.set(JWT, wireJwt({}, { metadata: { finalizers: [FINALIZER] } }));
  });
  afterEach(() => api[Symbol.asyncDispose]());

  const offerJwts = (namespaced: boolean): void => {
    api.objects.set('/apis/tokens.osg-htc.org/v1', { resources: [{ name: 'jwts', namespaced }] });
  };
  const clean = (...args: readonly string[]) => api.run(migrateCommand, 'clean', ...args);
  const finalizers = (): unknown => api.objects.get(JWT).metadata.finalizers;
  const forbidDeployments = (everywhereOnly: boolean): void => {
    api.interfere = ({ path }, response) => {
      if (!path.endsWith('/deployments') || (everywhereOnly && path.includes('/namespaces/')))
        return undefined;
      refuse(response, 403, 'Forbidden');
      return 'answered';
    };
  };

  it('cleans once no token-manager runs anywhere', async () => {
    const { code, out, err } = await clean('-n', 'science');
    assert.deepEqual([code, err, finalizers()], [0, '', []]);
    assert.match(out, /^1 cleaned in namespace science$/m);
  });

  describe('a Cluster-scoped CRD, whose JWTs have no namespace', () => {
    const path = '/apis/tokens.osg-htc.org/v1/jwts/my-jwt';
    beforeEach(() => {
      api.objects.clear();
      offerJwts(false);
      const { namespace: _, ...metadata } = wireJwt({}, { metadata: { finalizers: [FINALIZER] } }).metadata;
      api.objects.set(path, { ...wireJwt(), metadata });
      api.interfere = (request, response) => {
        if (!request.path.endsWith('/namespaces/default/jwts')) return undefined;
        refuse(response, 404, 'NotFound');
        return 'answered';
      };
    });

    it('is cleaned without -A, too', async () => {
      const { code, out, err } = await clean();
      assert.deepEqual([code, err, api.objects.get(path).metadata.finalizers], [0, '', []]);
      assert.match(out, /^1 cleaned in the cluster$/m);
    });

    it('has no namespace in the output of migrate check', async () => {
      const { out } = await api.run(migrateCommand, 'check');
      assert.match(out, /^1 JWT in the cluster: 1 to fix/m);
      const { namespace } = JSON.parse((await api.run(migrateCommand, 'check', '-o', 'json')).out);
      assert.equal(namespace, undefined);
    });
  });

  it('treats an empty -n, as from an unset variable, as not given, and never as all namespaces', async () => {
    for (const args of [['-n', ''], ['--namespace=']]) {
      const { code, out, err } = await clean(...args);
      assert.deepEqual([code, err, finalizers()], [0, '', [FINALIZER]]);
      assert.match(out, /^No JWT in namespace default has anything left/);
    }
  });

  it('changes nothing while one runs in another namespace', async () => {
    api.objects.set('/apis/apps/v1/namespaces/operators/deployments/token-manager', RUNNING);
    const { code, out } = await clean('-n', 'science');
    assert.deepEqual([code, finalizers()], [1, [FINALIZER]]);
    assert.match(out, /^nothing was changed: token-manager is still running$/m);
  });

  it('changes nothing while a pod of a stopped or deleted token-manager is still ending, and says which', async () => {
    const metadata = {
      name: 'token-manager-0',
      namespace: 'operators',
      deletionTimestamp: '2026-01-01T00:00:00Z',
    };
    api.objects.set('/api/v1/namespaces/operators/pods/token-manager-0', { metadata });
    const { code, out } = await clean('-n', 'science');
    assert.deepEqual([code, finalizers()], [1, [FINALIZER]]);
    assert.match(out, /^nothing was changed: token-manager is still running$/m);
    assert.match(out, /^kubectl wait --for=delete pod\/token-manager-0 -n operators --timeout=120s$/m);
    assert.match(
      out,
      /^If its node is gone, it never ends by itself: kubectl delete pod token-manager-0 -n operators --force$/m,
    );
    const { pods } = JSON.parse((await clean('-n', 'science', '-o', 'json')).out);
    assert.deepEqual(pods, [{ namespace: 'operators', name: 'token-manager-0' }]);
    const asked = api.requests.find(({ path }) => path.endsWith('/pods'));
    const selector = asked?.query.get('fieldSelector') ?? '';
    assert.match(selector, /^spec.serviceAccountName=token-manager-service-account,status.phase!=Succeeded,/);
  });

  for (const everywhereOnly of [true, false]) {
    const whose = everywhereOnly ? 'Deployments of other namespaces' : 'any Deployments';
    it(`changes nothing for a user who is not allowed to list ${whose}, and names the missing right`, async () => {
      api.objects.set('/apis/apps/v1/namespaces/operators/deployments/token-manager', RUNNING);
      forbidDeployments(everywhereOnly);
      const { code, out, err } = await clean('-n', 'science');
      assert.deepEqual([code, err, finalizers()], [1, '', [FINALIZER]]);
      assert.match(out, /^nothing was changed: it is not known whether token-manager is still running$/m);
      assert.match(out, /^You are not allowed to list deployments in all namespaces: .*administrator/m);
      const { jwts, forbidden } = JSON.parse((await clean('-n', 'science', '-o', 'json')).out);
      assert.deepEqual([jwts[0].outcome, forbidden[0]], ['found', 'list deployments in all namespaces']);
    });
  }

  it('lists for such a user what would be cleaned, with --dry-run', async () => {
    forbidDeployments(true);
    const { code, out } = await clean('-n', 'science', '--dry-run');
    assert.deepEqual([code, finalizers()], [0, [FINALIZER]]);
    assert.match(out, /^1 would be cleaned in namespace science; nothing was changed$/m);
    assert.match(out, /not allowed to list deployments in all namespaces/);
  });

  it('does not report a JWT as cleaned that was changed meanwhile and cannot be read again', async () => {
    let isChanged = false;
    api.interfere = ({ method, path }, response) => {
      if (path !== JWT) return undefined;
      if (method === 'PATCH') refuse(response, 409, 'Conflict');
      else if (isChanged) refuse(response, 403, 'Forbidden');
      else return undefined;
      isChanged = true;
      return 'answered';
    };
    const { code, out } = await clean('-n', 'science');
    assert.deepEqual([code, finalizers()], [1, [FINALIZER]]);
    assert.match(out, /^0 cleaned in namespace science, 1 not$/m);
    assert.match(out, /^failed +JWT science\/my-jwt +you are not allowed to read jwts in namespace science/m);
  });

  it('reports what was cleaned before the API server went away, and tries no more', async () => {
    for (const index of Array(60).keys()) {
      const jwt = wireJwt({}, { metadata: { name: `jwt-${index}`, finalizers: [FINALIZER] } });
      api.objects.set(JWT.replace('my-jwt', `jwt-${index}`), jwt);
    }
    let patches = 0;
    api.interfere = ({ method }, response) => {
      if (method !== 'PATCH') return undefined;
      patches += 1;
      if (patches <= 5) return undefined;
      response.destroy();
      return 'answered';
    };
    const { code, out, err } = await clean('-n', 'science');
    assert.deepEqual([code, err], [3, '']);
    assert.match(out, /^5 cleaned in namespace science, 56 not$/m);
    assert.match(out, /^failed +JWT science\/jwt-\d+ +no answer from the API server: /m);
    assert.match(out, /^failed +JWT science\/jwt-59 +not tried: the API server did not answer$/m);
    assert.ok(patches < 40, `${patches} patches`);
  });

  it('refuses nothing if there are no leftovers', async () => {
    api.objects.delete(JWT);
    forbidDeployments(true);
    assert.deepEqual(await clean('-n', 'science'), {
      code: 0,
      out: 'No JWT in namespace science has anything left by token-manager.\n',
      err: '',
    });
  });
});
