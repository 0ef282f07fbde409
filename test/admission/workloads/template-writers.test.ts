import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LAST_APPLIED } from '../../../src/resources/names.ts';
import { KEYS, type Json } from '../pods.ts';
import { COPIED, KINDS, record, reviewOf, stored, templateAnnotations, workload } from '../workloads.ts';

const TOKEN = { [KEYS.token]: 'my-jwt' };

describe('a value of the template that equals the record is the user’s', () => {
  const copiedOnce = { ...TOKEN, ...record(TOKEN) };
  const managing = (kind: string, ...keys: readonly string[]): Json => {
    const annotations = Object.fromEntries(keys.map((key) => [`f:${key}`, {}]));
    const template = { 'f:template': { 'f:metadata': { 'f:annotations': { '.': {}, ...annotations } } } };
    const spec = kind === 'CronJob' ? { 'f:jobTemplate': { 'f:spec': template } } : template;
    return { manager: 'm', operation: 'Apply', fieldsType: 'FieldsV1', fieldsV1: { 'f:spec': spec } };
  };
  const applied = (kind: string, annotations: Json): Json => ({
    [LAST_APPLIED]: JSON.stringify(workload({ kind, templateMetadata: { annotations } })),
  });

  for (const kind of KINDS.filter((one) => one !== 'Job')) {
    const after = (annotations: Json, managedFields: unknown = []): unknown => {
      const metadata = { managedFields };
      const templateMetadata = { annotations: copiedOnce };
      const object = workload({ kind, annotations, metadata, templateMetadata });
      return templateAnnotations(stored(object, { operation: 'UPDATE' }));
    };

    it(`if a field manager wrote it: ${kind}`, () => {
      const managers = [{}, null, managing(kind), managing(kind, KEYS.envVar), managing(kind, KEYS.token)];
      for (const annotations of [{}, { [KEYS.token]: 'b' }, TOKEN])
        assert.deepEqual(after(annotations, managers), TOKEN);
      assert.deepEqual(after({}, managers.slice(0, -1)), {});
    });

    it(`if the file of kubectl apply has it, which does not send unchanged values: ${kind}`, () => {
      assert.deepEqual(after(applied(kind, TOKEN)), TOKEN);
      assert.deepEqual(after({ ...applied(kind, TOKEN), [KEYS.token]: 'b' }), TOKEN);
      assert.deepEqual(after(applied(kind, { [KEYS.envVar]: 'X' })), {});
      for (const text of ['{', '[]', 'null', '{"spec":7}', ''])
        assert.deepEqual(after({ [LAST_APPLIED]: text }), {});
    });

    it(`but not if the file of kubectl apply had another value before ours was copied: ${kind}`, () => {
      const before = applied(kind, { [KEYS.token]: 'v' });
      assert.deepEqual(after({ ...before, [KEYS.token]: 'z' }), {
        [KEYS.token]: 'z',
        ...record({ [KEYS.token]: 'z' }),
      });
      assert.deepEqual(after(before), {});
    });

    it(`but not if only the file of a kubectl apply before a server-side apply of the template has it: ${kind}`, () => {
      assert.deepEqual(after(applied(kind, TOKEN), [managing(kind, KEYS.envVar)]), {});
      assert.deepEqual(after(applied(kind, TOKEN), [managing(kind, KEYS.token)]), TOKEN);
      const update = { ...managing(kind, KEYS.envVar), operation: 'Update' };
      assert.deepEqual(after(applied(kind, TOKEN), [update]), TOKEN);
      const ofOthers = { ...managing(kind), fieldsV1: { 'f:spec': { 'f:replicas': {} } } };
      assert.deepEqual(after(applied(kind, TOKEN), [ofOthers]), TOKEN);
    });

    it(`but not if it came together with the record, as from a backup: ${kind}`, () => {
      assert.deepEqual(after({}, [managing(kind, KEYS.token, COPIED)]), {});
      assert.deepEqual(after(applied(kind, copiedOnce)), {});
      assert.deepEqual(after({}, [managing(kind, KEYS.token, COPIED), managing(kind, KEYS.token)]), TOKEN);
    });
  }

  it('and wins, with a warning, if the two differ', () => {
    const metadata = { managedFields: [managing('Deployment', KEYS.token)] };
    const object = workload({
      annotations: { [KEYS.token]: 'b' },
      metadata,
      templateMetadata: { annotations: copiedOnce },
    });
    assert.deepEqual(reviewOf(object, { operation: 'UPDATE' }).warnings, [
      `${KEYS.token} of the pod template: "my-jwt" wins over "b" of the Deployment`,
    ]);
  });

  it('which cannot be detected for Helm: a warning says that a copy is removed', () => {
    const labels = { 'app.kubernetes.io/managed-by': 'Helm' };
    const warningsFor = (annotations: Json, metadata: Json): readonly string[] =>
      reviewOf(workload({ annotations, metadata, templateMetadata: { annotations: copiedOnce } }), {
        operation: 'UPDATE',
      }).warnings;
    assert.deepEqual(warningsFor({}, { labels }), [
      `${KEYS.token} of the pod template, a copy, is removed: upgrade again if the chart has it there`,
    ]);
    assert.deepEqual(warningsFor({ [KEYS.token]: 'b' }, { labels }), []);
    assert.deepEqual(warningsFor({}, {}), []);
  });
});
