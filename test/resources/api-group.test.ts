import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupOfApiVersion } from '../../src/resources/api-group.ts';

for (const [apiVersion, group] of [
  ['tokens.osg-htc.org/v1', 'tokens.osg-htc.org'],
  ['apps/v1', 'apps'],
  ['v1', ''],
  ['', ''],
  ['apps/v1/more', 'apps'],
] as const) {
  test(`the group of "${apiVersion}" is "${group}"`, () => {
    assert.equal(groupOfApiVersion(apiVersion), group);
  });
}
