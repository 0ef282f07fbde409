import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askApi } from './api-request.ts';
import { rememberInstalled } from './installed-objects.ts';
import { borrowStage } from './loan.ts';
import { tidyUp } from './tidy-up.ts';
import { waitUntil } from './wait-until.ts';

/** The garbage collector has to remove a pod that the controllers created meanwhile. */
const WITHIN_MS = 60_000;

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const BINDING = `${RBAC}/clusterrolebindings/jwt-injector-webhook`;
const ROLE = `${RBAC}/clusterroles/jwt-injector-webhook`;
const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';

/**
 * Objects that a test could leave behind, in a namespace that the webhooks and the service of the next test
 * watch.
 */
const LEFT = `
apiVersion: v1
kind: Namespace
metadata: { name: tidy-up, labels: { tokens.osg-htc.org/token: left } }
---
apiVersion: v1
kind: Secret
metadata: { name: left, namespace: tidy-up }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: left, namespace: tidy-up }
spec:
  selector: { matchLabels: { app: left } }
  template: { metadata: { labels: { app: left } }, spec: { containers: [{ name: main, image: busybox }] } }
---
apiVersion: tokens.osg-htc.org/v1
kind: JWT
metadata: { name: left, namespace: tidy-up, finalizers: [example.org/mine] }
spec:
  issuer: https://issuer.example.org
  keyId: left
  algorithm: ES256
  key: { secret: { name: left-key, key: key.pem } }
  data: { sub: left, aud: [ANY] }
  expiryTime: { hours: 1 }
  resignBefore: { minutes: 5 }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: jwt-injector-more }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin }
subjects: [{ kind: ServiceAccount, name: jwt-injector, namespace: jwt-injector }]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: left }
webhooks: []
`;

/** Paths where such objects would be seen. */
const SEEN = [
  '/api/v1/namespaces/tidy-up/secrets',
  '/api/v1/namespaces/tidy-up/pods',
  '/apis/apps/v1/namespaces/tidy-up/deployments',
  '/apis/tokens.osg-htc.org/v1/namespaces/tidy-up/jwts',
  '/api/v1/namespaces?labelSelector=tokens.osg-htc.org/token',
];

interface AppliedObject {
  readonly metadata: { readonly name: string; readonly labels: unknown };
}

describe('the state of a cluster for its next user', () => {
  it('has the installed objects, unchanged, and no other ones that would have an effect', async () => {
    await using stage = await borrowStage({ withoutService: true });
    const { access, apply } = stage.cluster;
    const read = async (path: string) => {
      const { status, body } = await askApi(access, 'GET', path);
      return { status, object: JSON.parse(body) };
    };
    const [role, binding] = [await read(ROLE), await read(BINDING)];
    assert.deepEqual([role.status, binding.status], [200, 200]);
    const shipped = [withoutVersion(role.object), withoutVersion(binding.object)];
    const installed = await rememberInstalled(
      stage.cluster,
      shipped.map((one) => JSON.stringify(one)).join('\n---\n'),
    );

    await apply(LEFT);
    await askApi(access, 'PATCH', ROLE, { rules: [] });
    await askApi(access, 'DELETE', BINDING);
    await tidyUp(stage.cluster, installed);

    for (const path of SEEN)
      await waitUntil(
        `nothing at ${path}`,
        WITHIN_MS,
        async () => (await read(path)).object.items.length === 0,
      );
    for (const path of [`${RBAC}/clusterrolebindings/jwt-injector-more`, `${WEBHOOKS}/left`])
      assert.equal((await read(path)).status, 404, path);
    assert.deepEqual((await read(ROLE)).object.rules, role.object.rules);
    assert.deepEqual((await read(BINDING)).object.subjects, binding.object.subjects);
  });
});

/** Removes the version, so that the object can be applied again whatever its version is by then. */
function withoutVersion({ metadata: { name, labels }, ...rest }: AppliedObject): object {
  return { ...rest, metadata: { name, labels } };
}
