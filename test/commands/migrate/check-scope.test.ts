import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wireJwt } from '../../fixtures/jwts.ts';
import { fixes, keyIn } from '../migrating-cluster.ts';

const more = { api: { namespaced: false, hasStatus: false } };
const fixesOf = (...specs: readonly Record<string, unknown>[]) => fixesWith(undefined, ...specs);
const fixesWith = (legacyKeyNamespace: string | undefined, ...specs: readonly Record<string, unknown>[]) =>
  fixes({
    jwts: specs.map((spec, index) => wireJwt(spec, { metadata: { name: `jwt-${index}`, namespace: '' } })),
    more: { ...more, legacyKeyNamespace },
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

  it('leaves a key without a namespace as it is if the service is to read it where token-manager does', () => {
    const [found, ...others] = fixesWith('default', keyIn('my-key'));
    assert.deepEqual([found?.reason, found?.commands.length, others], ['ClusterScope', 1, []]);
  });

  it('has it named nevertheless if it has the name of the JWT, which our CRD refuses in a new one', () => {
    const [found, scope] = fixesWith('default', keyIn('jwt-0'));
    assert.deepEqual([found?.reason, scope?.commands], ['KeyNamespace', []]);
    assert.match(found?.why ?? '', /Secret default\/jwt-0 .* our CRD refuses .* new JWT$/);
  });

  it('says where the service is to read it if that is elsewhere', () => {
    const [found] = fixesWith('vault', keyIn('my-key'));
    assert.match(found?.why ?? '', /reads Secret default\/my-key, jwt-injector vault\/my-key$/);
  });
});
