import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findAppliedSource, type AppliedSource } from '../../../src/commands/rotate/applied-source.ts';
import { LAST_APPLIED } from '../../../src/resources/names.ts';

const applied = (text: string): object => ({ metadata: { annotations: { [LAST_APPLIED]: text } } });
const managed = (...managedFields: readonly object[]): object => ({
  metadata: { managedFields },
  spec: { keyId: 'new' },
});
const both = (text: string, ...managedFields: readonly object[]): object => ({
  metadata: { annotations: { [LAST_APPLIED]: text }, managedFields },
  spec: { keyId: 'new' },
});
const rest = { 'f:issuer': {}, 'f:data': {}, 'f:expiryTime': {} };
const entry = (manager: string, operation: string, fields: object): object => ({
  manager,
  operation,
  fieldsV1: { 'f:spec': fields },
});
const service = { manager: 'jwt-injector', operation: 'Apply', fieldsV1: { 'f:status': {} } };
const rotating = entry('jwt-injector-rotate', 'Update', { 'f:keyId': {} });

describe('the source from which a JWT is applied, after its key was changed,', () => {
  const TABLE: readonly (readonly [title: string, object: object | undefined, source: AppliedSource])[] = [
    [
      'names the old key, by the copy that kubectl apply keeps',
      applied('{"spec":{"keyId":"old"}}'),
      { state: 'unchanged', by: 'kubectl apply' },
    ],
    ['names the new key, by that copy', applied('{"spec":{"keyId":"new"}}'), { state: 'changed' }],
    [
      'names the old key, by the fields that a server-side apply still owns',
      managed(service, rotating, entry('argocd-controller', 'Apply', rest)),
      { state: 'unchanged', by: 'argocd-controller' },
    ],
    [
      'names the new key, if a server-side apply owns it beside us',
      managed(rotating, entry('kubectl', 'Apply', { 'f:keyId': {} })),
      { state: 'changed' },
    ],
    [
      'names the old key, if a server-side apply brought it back by force',
      { ...managed(rotating, entry('flux', 'Apply', { 'f:keyId': {} })), spec: { keyId: 'old' } },
      { state: 'unchanged', by: 'flux' },
    ],
    [
      'names the old key, whatever an older copy says, if a server-side apply brought it back',
      {
        ...both('{"spec":{"keyId":"new"}}', entry('flux', 'Apply', { 'f:keyId': {} })),
        spec: { keyId: 'old' },
      },
      { state: 'unchanged', by: 'flux' },
    ],
    [
      'names the new key by a server-side apply, whatever an older copy says',
      both('{"spec":{"keyId":"old"}}', entry('flux', 'Apply', { 'f:keyId': {} })),
      { state: 'changed' },
    ],
    [
      'is what the copy says, if a server-side apply is of other fields',
      both('{"spec":{"keyId":"new"}}', entry('labeller', 'Apply', { 'f:secretTemplate': {} })),
      { state: 'changed' },
    ],
    [
      'is not known by a server-side apply of other fields',
      managed(rotating, entry('labeller', 'Apply', { 'f:secretTemplate': {} })),
      { state: 'unknown' },
    ],
    ['is not known without an apply', managed(service, rotating), { state: 'unknown' }],
    ['is not known where the copy cannot be read', applied('{'), { state: 'unknown' }],
    ['is not known of no JWT', undefined, { state: 'unknown' }],
  ];
  for (const [title, object, source] of TABLE)
    it(title, () => assert.deepEqual(findAppliedSource(object, 'new'), source));
});
