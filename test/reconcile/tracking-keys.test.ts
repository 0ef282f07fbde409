import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isPruningKey, isTrackingKey } from '../../src/reconcile/tracking-keys.ts';

// From the documentation of each tool. The first one of a row makes the tool delete objects that carry it, or
// none does.
const TOOLS: Readonly<
  Record<string, { readonly prunes: readonly string[]; readonly tracks: readonly string[] }>
> = {
  'ApplySets of kubectl': {
    prunes: ['applyset.kubernetes.io/part-of'],
    tracks: ['applyset.kubernetes.io/id'],
  },
  'Argo CD': {
    prunes: ['argocd.argoproj.io/instance', 'argocd.argoproj.io/tracking-id'],
    tracks: ['argocd.argoproj.io/sync-wave', 'app.kubernetes.io/instance'],
  },
  Flux: { prunes: [], tracks: ['kustomize.toolkit.fluxcd.io/name', 'helm.toolkit.fluxcd.io/name'] },
  Helm: {
    prunes: [],
    tracks: ['meta.helm.sh/release-name', 'helm.sh/chart', 'app.kubernetes.io/managed-by'],
  },
  'Rancher Fleet': { prunes: ['objectset.rio.cattle.io/hash'], tracks: ['objectset.rio.cattle.io/id'] },
  kapp: { prunes: ['kapp.k14s.io/app', 'kapp.k14s.io/association'], tracks: ['kapp.k14s.io/identity'] },
  'cli-utils': { prunes: [], tracks: ['config.k8s.io/owning-inventory'] },
};

describe('a label or annotation by which a tool tracks the objects that it applied', () => {
  for (const [tool, { prunes, tracks }] of Object.entries(TOOLS)) {
    it(`is known of ${tool}`, () => {
      for (const name of [...prunes, ...tracks]) assert.ok(isTrackingKey(name), name);
    });
    it(`is known to have the object deleted, or not, by ${tool}`, () => {
      for (const name of prunes) assert.ok(isPruningKey(name), name);
      for (const name of tracks) assert.ok(!isPruningKey(name), name);
    });
  }

  it('is not one that people or programs add for other purposes', () => {
    for (const name of [
      'team',
      'app.kubernetes.io/name',
      'app.kubernetes.io/part-of',
      'helm.sh',
      'x/helm.sh/y',
      '',
    ]) {
      assert.ok(!isTrackingKey(name), name);
      assert.ok(!isPruningKey(name), name);
    }
  });
});
