import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseOwners, type Owner } from '../../src/resources/owner.ts';

const JWT = { apiVersion: 'tokens.osg-htc.org/v1', kind: 'JWT', name: 'my-jwt', uid: 'u1' };
const jwt: Owner = { group: 'tokens.osg-htc.org', kind: 'JWT', name: 'my-jwt', uid: 'u1', controller: false };
const APP = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'u2' };
const app: Owner = { group: 'apps', kind: 'Deployment', name: 'web', uid: 'u2', controller: true };

describe('the owners of a Secret', () => {
  const cases: readonly (readonly [string, readonly unknown[], readonly Owner[]])[] = [
    ['none', [], []],
    ['a JWT that does not control it', [JWT], [jwt]],
    ['a JWT that controls it', [{ ...JWT, controller: true }], [{ ...jwt, controller: true }]],
    ['a controller of any kind, first', [JWT, { ...APP, controller: true }], [app, jwt]],
    ['nobody who neither controls it nor is a JWT', [APP, { ...APP, controller: 'true' }], []],
    ['no JWT of another API group', [{ ...JWT, apiVersion: 'example.org/v1' }], []],
    ['no other kind of our API group', [{ ...JWT, kind: 'Jwt' }], []],
    [
      'a controller of the core group, which has no name',
      [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true }],
      [{ group: '', kind: 'Pod', name: 'p', uid: 'u', controller: true }],
    ],
    [
      'a controller of which nothing else is known',
      [{ controller: true }, null, 'junk'],
      [{ group: '', kind: '', name: '', uid: '', controller: true }],
    ],
  ];
  for (const [name, references, owners] of cases) {
    it(`are ${name}`, () => assert.deepEqual(parseOwners(references), owners));
  }

  it('are at most four, beginning with those that control it', () => {
    const many = [...Array.from({ length: 40 }, () => JWT), { ...APP, controller: true }];
    const owners = parseOwners(many);
    assert.equal(owners.length, 4);
    assert.deepEqual([owners[0], owners[1], owners[3]], [app, jwt, jwt]);
  });

  it('keep names of up to 253 characters: longer ones equal no name', () => {
    const named = (length: number): readonly Owner[] => {
      const text = 'x'.repeat(length);
      return parseOwners([{ apiVersion: `${text}/v1`, kind: text, name: text, uid: text, controller: true }]);
    };
    const of = (text: string): readonly Owner[] => [
      { group: text, kind: text, name: text, uid: text, controller: true },
    ];
    assert.deepEqual(named(253), of('x'.repeat(253)));
    assert.deepEqual(named(254), of('(too long)'));
  });

  it('only keep the group of a long version', () => {
    const [owner] = parseOwners([{ ...APP, apiVersion: `apps/${'v'.repeat(313)}`, controller: true }]);
    assert.equal(owner?.group, '(too long)');
    const [other] = parseOwners([{ ...APP, apiVersion: `apps/${'v'.repeat(312)}`, controller: true }]);
    assert.equal(other?.group, 'apps');
  });
});
