import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeRefusal, waitAfterRefusal, type RefusalKind } from '../../src/reconcile/refusal.ts';

const PLACE = { namespace: 'science', name: 'my-jwt' };
const OUR_ACCOUNT = 'the ServiceAccount of jwt-injector';

describe('the message about a write that the API server refuses', () => {
  /** The subject of a refusal, and the required parts of the text: what it is, who can fix it, and how. */
  const expected: Readonly<Record<RefusalKind, readonly [string, ...string[]]>> = {
    quota: [
      'compute',
      'ResourceQuota compute of namespace science is used up: raise it, or delete what is not needed',
      '(kubectl describe quota compute -n science)',
    ],
    policy: [
      'no-tokens',
      'admission policy no-tokens does not allow the write',
      `ask its administrator to exempt ${OUR_ACCOUNT}, or make the JWT follow it`,
      '(kubectl describe validatingadmissionpolicy no-tokens)',
    ],
    'mutating-policy': [
      'labels',
      'admission policy labels does not allow the write',
      `ask its administrator to exempt ${OUR_ACCOUNT}, or make the JWT follow it`,
      '(kubectl describe mutatingadmissionpolicy labels)',
    ],
    webhook: [
      'guard.example.org',
      'admission webhook guard.example.org does not allow the write',
      `ask its administrator to exempt ${OUR_ACCOUNT}, or make the JWT follow its rules`,
    ],
    immutable: [
      '',
      'Secret my-jwt has immutable: true',
      'keep what else it holds, then kubectl delete secret my-jwt -n science; it is created again at once',
    ],
    type: [
      '',
      'Secret my-jwt is not of type Opaque, and the type of a Secret cannot be changed',
      'keep what else it holds, then kubectl delete secret my-jwt -n science; it is created again at once',
    ],
    'too-large': [
      '',
      'Secret my-jwt with the new token would be larger than the 1 MiB that Kubernetes stores',
      'make spec.data smaller, or move what else the Secret holds',
    ],
    labels: [
      '',
      'spec.secretTemplate.labels has an invalid key or value',
      '63 letters, digits, "-", "_" and "."',
    ],
    annotations: [
      '',
      'spec.secretTemplate.annotations has an invalid key, or all annotations together are larger than 256 KiB',
      'NAME at most 63 letters, digits, "-", "_" and "."',
    ],
    'no-right': [
      'patch secrets',
      'jwt-injector is not allowed to patch secrets in namespace science: ask an administrator to install its roles again',
      '(jwt-injector doctor names what is missing)',
    ],
    other: [
      '422 Invalid',
      'the API server does not allow the write (422 Invalid)',
      `ask an administrator to look for the request of ${OUR_ACCOUNT} in the audit log, and for admission plugins`,
    ],
  };
  for (const kind of Object.keys(expected) as RefusalKind[]) {
    const [subject, ...parts] = expected[kind];
    it(`names the cause and the remedy: ${kind}`, () => {
      const text = describeRefusal({ kind, subject }, PLACE, undefined);
      for (const part of parts) assert.ok(text.includes(part), `"${part}" in "${text}"`);
    });
    it(`is one line that ends with the time of the next try: ${kind}`, () => {
      const refusal = { kind, subject };
      const text = describeRefusal(refusal, PLACE, waitAfterRefusal(refusal));
      const pace = kind === 'no-right' ? 'after 1 s, 2 s … 5 min' : 'every 5 min';
      const end = `. It is tried again ${pace}, and when the JWT, its key or its Secret changes`;
      assert.ok(text.endsWith(end), text);
      assert.doesNotMatch(text, /\n/);
    });
  }

  it('is kept: every 5 min, but a missing right after the usual back-off', () => {
    for (const kind of Object.keys(expected) as RefusalKind[])
      assert.equal(waitAfterRefusal({ kind, subject: '' }), kind === 'no-right' ? undefined : 5 * 60 * 1_000);
  });
});
