import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as names from '../../src/resources/names.ts';
import { objectKey } from '../../src/resources/object-key.ts';
import * as reasons from '../../src/resources/reasons.ts';

describe('a name that users and other programs know', () => {
  // Users' manifests, policies and Secrets contain these texts, and token-manager's contain the first ones:
  // none must change.
  it('is the same in every version', () => {
    assert.deepEqual(
      { ...names },
      {
        GROUP: 'tokens.osg-htc.org',
        VERSION: 'v1',
        KIND: 'JWT',
        PLURAL: 'jwts',
        PREFIX: 'tokens.osg-htc.org/',
        APP: 'jwt-injector',
        TOKEN_KEY: 'token',
        INJECTION_ANNOTATIONS: {
          token: 'tokens.osg-htc.org/token',
          inject: 'tokens.osg-htc.org/inject',
          containers: 'tokens.osg-htc.org/containers',
          skipContainers: 'tokens.osg-htc.org/skip-containers',
          mountPath: 'tokens.osg-htc.org/mount-path',
          envVar: 'tokens.osg-htc.org/env-var',
          fileMode: 'tokens.osg-htc.org/file-mode',
        },
        COPIED_ANNOTATION: 'tokens.osg-htc.org/copied',
        LAST_SIGNING_TIME: 'tokens.osg-htc.org/last-signing-time',
        EXPIRES_AT: 'tokens.osg-htc.org/expires-at',
        NUDGED_AT: 'delivery.tokens.osg-htc.org/nudged-at',
        OWNING_JWT: 'tokens.osg-htc.org/jwt',
        ADOPT: 'tokens.osg-htc.org/adopt',
        RENEW: 'tokens.osg-htc.org/renew',
        ALLOWED_NAMESPACES: 'tokens.osg-htc.org/allowed-namespaces',
        RESERVED_POLICIES: [
          'tokens.osg-htc.org/allowed-issuers',
          'tokens.osg-htc.org/allowed-scopes',
          'tokens.osg-htc.org/max-lifetime',
        ],
        MANAGED_LABEL: 'tokens.osg-htc.org/managed',
        APP_LABEL: 'app.kubernetes.io/name',
        MANAGED_BY_LABEL: 'app.kubernetes.io/managed-by',
        LAST_APPLIED: 'kubectl.kubernetes.io/last-applied-configuration',
        NAMESPACE_DEFAULT_LABEL: 'tokens.osg-htc.org/token',
        ROTATION: 'tokens.osg-htc.org/rotation',
        TLS_SECRET: 'jwt-injector-tls',
      },
    );
  });
});

describe('a reason', () => {
  for (const [list, words] of Object.entries(reasons)) {
    it(`of ${list} is one word, as conditions, events and labels of metrics require, and unique`, () => {
      assert.ok(words.length > 0);
      assert.equal(new Set(words).size, words.length);
      // Kubernetes API, metav1.Condition: the pattern of reason, here without its punctuation.
      for (const word of words) assert.match(word, /^[A-Za-z]+$/);
    });
  }
});

describe('the key of an object in caches and queues', () => {
  it('is namespace and name, or only the name without a namespace', () => {
    assert.equal(objectKey({ namespace: 'science', name: 'my-jwt' }), 'science/my-jwt');
    assert.equal(objectKey({ namespace: '', name: 'science' }), 'science');
  });
});
