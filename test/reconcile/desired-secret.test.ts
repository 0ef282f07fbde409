import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  desiredLabels,
  desiredSecret,
  hasDrift,
  templateAnnotations,
} from '../../src/reconcile/desired-secret.ts';
import type { SecretObservation } from '../../src/reconcile/observed.ts';
import {
  EXPIRES_AT,
  GROUP,
  LAST_SIGNING_TIME,
  MANAGED_LABEL,
  OWNING_JWT,
} from '../../src/resources/names.ts';
import { objectMember, type JsonObject } from '../../src/resources/json.ts';
import type { Jwt, JwtSpec } from '../../src/resources/jwt.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { NOW, ourSecret } from '../fixtures/observed.ts';

const TOKEN = { text: 'the.jwt.text', issuedAt: NOW, expiresAt: NOW + 86_400 };
const OURS = { 'app.kubernetes.io/managed-by': 'jwt-injector', [MANAGED_LABEL]: 'true' };

function make(
  spec: Record<string, unknown> = {},
  labels: Record<string, string> = {},
): { jwt: Jwt; spec: JwtSpec } {
  const jwt = makeJwt(spec, { metadata: { labels } });
  if (!jwt.spec.ok) throw new Error(jwt.spec.problem.message);
  return { jwt, spec: jwt.spec.value };
}

function body(
  spec: Record<string, unknown> = {},
  present?: { readonly resourceVersion: string; readonly hasOtherData: boolean },
): JsonObject {
  const made = make(spec);
  return desiredSecret(made.jwt, made.spec, TOKEN, present);
}

describe('the labels of a Secret', () => {
  it('are those of the JWT, overridden by those of the template, then by ours', () => {
    const { jwt, spec } = make(
      { secretTemplate: { labels: { team: 'template', tier: '1' } } },
      { team: 'jwt', site: 'a', 'app.kubernetes.io/managed-by': 'Helm', [MANAGED_LABEL]: 'false' },
    );
    assert.deepEqual(desiredLabels(jwt, spec), { site: 'a', team: 'template', tier: '1', ...OURS });
  });

  const TRACKING = [
    'applyset.kubernetes.io/part-of',
    'argocd.argoproj.io/instance',
    'kustomize.toolkit.fluxcd.io/name',
    'helm.toolkit.fluxcd.io/namespace',
    'meta.helm.sh/release-name',
    'helm.sh/chart',
    'objectset.rio.cattle.io/hash',
    'kapp.k14s.io/app',
    'config.k8s.io/owning-inventory',
    'app.kubernetes.io/instance',
  ];
  for (const deletionPolicy of ['Delete', 'Retain']) {
    it(`leave out those by which tools track the JWT, with ${deletionPolicy}`, () => {
      const labels = Object.fromEntries([...TRACKING, 'site'].map((name) => [name, 'a']));
      const { jwt, spec } = make({ deletionPolicy }, labels);
      assert.deepEqual(desiredLabels(jwt, spec), { site: 'a', ...OURS });
    });
  }

  it('include those of the template, except for labels by which tools would prune the Secret', () => {
    const labels = {
      'app.kubernetes.io/instance': 'web',
      'applyset.kubernetes.io/part-of': 'x',
      'kapp.k14s.io/app': '1',
      'objectset.rio.cattle.io/hash': '2',
    };
    const annotations = {
      'argocd.argoproj.io/compare-options': 'IgnoreExtraneous',
      'argocd.argoproj.io/tracking-id': 'x',
    };
    const { jwt, spec } = make({ secretTemplate: { labels, annotations } });
    assert.deepEqual(desiredLabels(jwt, spec), { 'app.kubernetes.io/instance': 'web', ...OURS });
    assert.deepEqual(templateAnnotations(spec), { 'argocd.argoproj.io/compare-options': 'IgnoreExtraneous' });
  });
});

describe('the body of the Secret’s apply', () => {
  it('has all our fields and nothing else', () => {
    const { uid } = makeJwt();
    assert.deepEqual(
      body(
        { secretTemplate: { annotations: { note: 'n' } } },
        { resourceVersion: '11', hasOtherData: false },
      ),
      {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'Opaque',
        metadata: {
          name: 'my-jwt',
          namespace: 'science',
          labels: OURS,
          annotations: {
            note: 'n',
            [OWNING_JWT]: 'science/my-jwt',
            [LAST_SIGNING_TIME]: '1800000000',
            [EXPIRES_AT]: '2027-01-16T08:00:00Z',
          },
          ownerReferences: [
            { apiVersion: 'tokens.osg-htc.org/v1', kind: 'JWT', name: 'my-jwt', uid, controller: true },
          ],
          resourceVersion: '11',
        },
        data: { token: 'dGhlLmp3dC50ZXh0' },
      },
    );
  });

  it('has its JWT as owner from the beginning', () => {
    assert.ok('ownerReferences' in (objectMember(body(), 'metadata') ?? {}));
  });

  it('has no owner if it must outlive its JWT, or has data of others', () => {
    const bodies = [
      body({ deletionPolicy: 'Retain' }),
      body({ deletionPolicy: 'Retain' }, { resourceVersion: '11', hasOtherData: true }),
      body({}, { resourceVersion: '11', hasOtherData: true }),
    ];
    for (const made of bodies) assert.ok(!('ownerReferences' in (objectMember(made, 'metadata') ?? {})));
  });

  it('conflicts with any Secret that was created meanwhile', () => {
    assert.equal(objectMember(body(), 'metadata')?.['resourceVersion'], '1');
  });
});

describe('a label and an annotation of one name', () => {
  const NAME = 'argocd.argoproj.io/instance';
  const TEMPLATE = { [NAME]: 'a' };
  /**
   * Whether a Secret of the JWT differs from the desired one after it got this template; both parts of the
   * name were written before.
   */
  function drifts(secretTemplate: object, jwtLabels: Record<string, string> = {}): boolean {
    const { jwt, spec } = make({ secretTemplate }, jwtLabels);
    const good = ourSecret(jwt);
    const secret = {
      ...good,
      labels: { ...good.labels, [NAME]: 'a' },
      annotations: { ...good.annotations, [NAME]: 'a' },
      ours: {
        labels: [...new Set([...good.ours.labels, NAME])],
        annotations: [...new Set([...good.ours.annotations, NAME])],
      },
    };
    return hasDrift(jwt, spec, secret, NOW + spec.lifetime);
  }

  it('are each a copy of the JWT’s label or annotation, respectively', () => {
    assert.equal(drifts({ labels: TEMPLATE, annotations: TEMPLATE }), false);
    assert.equal(drifts({ labels: TEMPLATE }), true, 'the annotation is not wanted any more');
    assert.equal(drifts({ annotations: TEMPLATE }), true, 'the label is not wanted any more');
    assert.equal(drifts({ annotations: TEMPLATE }, TEMPLATE), false);
  });
});

describe('drift', () => {
  const { jwt, spec } = make(
    { secretTemplate: { labels: { tier: '1' }, annotations: { note: 'n' } } },
    { 'argocd.argoproj.io/instance': 'app' },
  );
  const good = ourSecret(jwt);
  const expiresAt = NOW + spec.lifetime;
  const legacy = {
    annotations: { [LAST_SIGNING_TIME]: '1.5' },
    labels: {},
    ours: { labels: [], annotations: [] },
  };
  const { note: _note, ...withoutNote } = good.annotations;
  const { [OWNING_JWT]: _name, ...unnamed } = good.annotations;
  const withoutName = { annotations: unnamed, ours: { ...good.ours, annotations: Object.keys(unnamed) } };
  const { [LAST_SIGNING_TIME]: _time, ...withoutTime } = good.annotations;
  const cases: readonly (readonly [string, Partial<SecretObservation>, boolean])[] = [
    ['nothing', {}, false],
    [
      'labels and annotations of others',
      { labels: { ...good.labels, x: 'y' }, annotations: { ...good.annotations, x: 'y' } },
      false,
    ],
    [
      'a signing time that is not the token’s',
      { annotations: { ...good.annotations, [LAST_SIGNING_TIME]: '7' } },
      true,
    ],
    ['no signing time', { annotations: withoutTime }, true],
    ['a missing annotation of the template', { annotations: withoutNote }, true],
    ['a changed label of the template', { labels: { ...good.labels, tier: '2' } }, true],
    [
      'an owner that is not a controller',
      { owners: [{ group: GROUP, kind: 'JWT', name: jwt.name, uid: jwt.uid, controller: false }] },
      true,
    ],
    [
      'an annotation of ours that is not wanted any more',
      { ours: { ...good.ours, annotations: [...good.ours.annotations, 'old'] } },
      true,
    ],
    ['a Secret that was written before Secrets named their JWT', withoutName, false],
    ['the same, that lost its label', { ...withoutName, labels: {} }, true],
    [
      'the name of a JWT in another namespace',
      { annotations: { ...good.annotations, [OWNING_JWT]: 'lab/my-jwt' } },
      true,
    ],
    ['an owner reference beside data of others', { hasOtherData: true }, true],
    ['data of others without one', { hasOtherData: true, owners: [] }, false],
    ['no owner reference once that data is gone', { owners: [] }, true],
    ['a Secret as token-manager left it', legacy, false],
    ['the same with a label that we wrote', { ...legacy, ours: { labels: ['tier'], annotations: [] } }, true],
    [
      'a label of a tool that an earlier version copied',
      {
        labels: { ...good.labels, 'argocd.argoproj.io/instance': 'app' },
        ours: { ...good.ours, labels: [...good.ours.labels, 'argocd.argoproj.io/instance'] },
      },
      false,
    ],
    [
      'such a label with another value than the JWT’s',
      {
        labels: { ...good.labels, 'argocd.argoproj.io/instance': 'another-app' },
        ours: { ...good.ours, labels: [...good.ours.labels, 'argocd.argoproj.io/instance'] },
      },
      true,
    ],
    [
      'such a label that is not the JWT’s',
      {
        labels: { ...good.labels, 'app.kubernetes.io/instance': 'once-in-the-template' },
        ours: { ...good.ours, labels: [...good.ours.labels, 'app.kubernetes.io/instance'] },
      },
      true,
    ],
    ['no annotations at all', { annotations: {}, ours: { ...good.ours, annotations: [] } }, true],
  ];
  for (const [name, change, expected] of cases) {
    it(`${expected ? 'is' : 'is not'} ${name}`, () => {
      assert.equal(hasDrift(jwt, spec, { ...good, ...change }, expiresAt), expected);
    });
  }
});
