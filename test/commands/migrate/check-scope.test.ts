import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wireJwt } from '../../fixtures/jwts.ts';
import { fixes, keyIn } from '../migrating-cluster.ts';

const more = { api: { namespaced: false, hasStatus: false } };
const fixesOf = (...specs: readonly Record<string, unknown>[]) =>
  fixes({
    jwts: specs.map((spec, index) => wireJwt(spec, { metadata: { name: `jwt-${index}`, namespace: '' } })),
    more,
  });

describe('migrate check, with a Cluster-scoped CRD', () => {
  it('gives the command that moves the JWTs when all of them can be created in a namespace', () => {
    const map = { key: { configMap: { name: 'keys', key: 'key.pem' } } }; // has its check afterwards
    const [found, ...others] = fixesOf(keyIn('my-key', 'keys'), {}, map);
    assert.deepEqual([found?.reason, others], ['ClusterScope', []]);
    assert.match(found?.commands.join('\n') ?? '', / && kubectl create -n science -f jwts\.yaml$/);
  });

  for (const [what, spec, reason, command] of [
    ['a zero lifetime', { expiryTime: { days: 0 } }, 'ClaimsInvalid', 'kubectl edit jwt jwt-0'],
    ['two keys', { key: { value: 'x', configMap: {} } }, 'KeyUnreadable', 'kubectl edit jwt jwt-0'],
    [
      'a late renewal',
      { resignBefore: { days: 2 } },
      'RenewalClamped',
      `kubectl patch jwt jwt-0 --type=merge -p '{"spec":{"resignBefore":null}}'`,
    ],
    [
      'a late renewal beside a key in a ConfigMap',
      { resignBefore: { days: 2 }, key: { configMap: { name: 'keys', key: 'key.pem' } } },
      'RenewalClamped',
      `kubectl patch jwt jwt-0 --type=merge -p '{"spec":{"resignBefore":null}}'`,
    ],
    [
      'a key without a namespace',
      keyIn('jwt-0'),
      'KeyNamespace',
      `kubectl patch jwt jwt-0 --type=merge -p '{"spec":{"key":{"secret":{"namespace":"default"}}}}'`,
    ],
  ] as const) {
    it(`has a JWT with ${what} corrected first, while it can be: the move cannot be repeated`, () => {
      const [found, scope, ...others] = fixesOf(spec, {});
      assert.deepEqual([found?.object, found?.reason, found?.commands], ['JWT jwt-0', reason, [command]]);
      assert.deepEqual([scope?.reason, scope?.commands, others], ['ClusterScope', [], []]);
      assert.match(scope?.why ?? '', /Correct the JWTs above, and run this check again/);
    });
  }
});
