import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_ANNOTATIONS_BYTES } from '../../../src/admission/annotations/annotation-text.ts';
import { KEYS, type Json } from '../pods.ts';
import { COPIED, KINDS, record, reviewOf, stored, templateAnnotations, workload } from '../workloads.ts';

const TOKEN = { [KEYS.token]: 'my-jwt' };

describe('the annotations of a workload are copied to its pod template', () => {
  for (const kind of KINDS) {
    it(`in a ${kind}`, () => {
      const object = workload({ kind, annotations: TOKEN });
      assert.deepEqual(templateAnnotations(stored(object)), { ...TOKEN, ...record(TOKEN) });
      assert.equal(reviewOf(object).reason, 'Injected');
    });
  }

  it('byte for byte, with a sorted record of what was copied', () => {
    const annotations = { other: 'x', [KEYS.token]: ' a ,\nb', [KEYS.envVar]: '', [KEYS.containers]: 'ü"' };
    const copied = { [KEYS.containers]: 'ü"', [KEYS.envVar]: '', [KEYS.token]: ' a ,\nb' };
    const after = templateAnnotations(stored(workload({ annotations })));
    assert.deepEqual(after, { ...copied, ...record(copied) });
  });

  for (const templateMetadata of [
    undefined,
    null,
    {},
    { labels: { a: 'b' } },
    { annotations: null },
    { annotations: {} },
  ]) {
    it(`into a template with metadata ${JSON.stringify(templateMetadata)}`, () => {
      const object = workload({ annotations: TOKEN, templateMetadata });
      const { operations } = reviewOf(object);
      assert.ok(operations.every(({ op }) => op === 'add'));
      assert.deepEqual(templateAnnotations(stored(object)), { ...TOKEN, ...record(TOKEN) });
    });
  }

  it('while other annotations of the template stay, keys with / and ~ too', () => {
    const annotations = { 'a/b~c': 'kept' };
    const after = templateAnnotations(
      stored(workload({ annotations: TOKEN, templateMetadata: { annotations } })),
    );
    assert.deepEqual(after, { 'a/b~c': 'kept', ...TOKEN, ...record(TOKEN) });
  });

  it('without volumes, which are never copied', () => {
    const paths = reviewOf(workload({ annotations: TOKEN })).operations.map(({ path }) => path);
    assert.deepEqual(paths, ['/spec/template/metadata']);
  });

  it('without a warning if the API server refuses the template', () => {
    const object = workload({
      annotations: { ...TOKEN, 'tokens.osg-htc.org/tokn': 'x' },
      podSpec: { containers: [{}] },
    });
    assert.deepEqual(templateAnnotations(stored(object)), { ...TOKEN, ...record(TOKEN) });
    assert.deepEqual(reviewOf(object).warnings, []);
  });

  it('only once: the stored object needs no further change', () => {
    for (const kind of KINDS) {
      const object = stored(workload({ kind, annotations: TOKEN }));
      assert.deepEqual(reviewOf(object, { operation: 'UPDATE' }).operations, []);
    }
  });
});

/** The annotations of the workload, the record, and those of the template; and the expected result. */
const FOLLOWS: readonly {
  title: string;
  workload: Json;
  template: Json;
  after: Json | undefined;
  warned?: boolean;
}[] = [
  {
    title: 'when an annotation changes',
    workload: { [KEYS.token]: 'new' },
    template: { ...TOKEN, ...record(TOKEN) },
    after: { [KEYS.token]: 'new', ...record({ [KEYS.token]: 'new' }) },
  },
  {
    title: 'when an annotation is removed: the copy is removed, and the record is empty',
    workload: {},
    template: { ...TOKEN, mine: 'x', ...record(TOKEN) },
    after: { mine: 'x' },
  },
  {
    title: 'when one of two annotations is removed: only its copy is removed',
    workload: TOKEN,
    template: { ...TOKEN, [KEYS.envVar]: 'X', ...record({ [KEYS.envVar]: 'X', ...TOKEN }) },
    after: { ...TOKEN, ...record(TOKEN) },
  },
  {
    title: 'but an edited copy is the user’s: it is kept when the annotation is removed',
    workload: {},
    template: { [KEYS.token]: 'edited', ...record(TOKEN) },
    after: { [KEYS.token]: 'edited' },
  },
  {
    title: 'but an edited copy is the user’s: it is kept when the annotation stays, and no longer recorded',
    workload: TOKEN,
    template: { [KEYS.token]: 'edited', ...record(TOKEN) },
    after: { [KEYS.token]: 'edited' },
    warned: true,
  },
  {
    title: 'when a copy is missing: it is copied again',
    workload: TOKEN,
    template: record(TOKEN),
    after: { ...TOKEN, ...record(TOKEN) },
  },
  {
    title: 'when the user removed both: the copy is no longer recorded',
    workload: {},
    template: record(TOKEN),
    after: {},
  },
  {
    title: 'but the value that the user wrote on the template wins, with a warning',
    workload: TOKEN,
    template: { [KEYS.token]: 'own' },
    after: { [KEYS.token]: 'own' },
    warned: true,
  },
  {
    title: 'but a value that the user wrote on both stays the user’s',
    workload: TOKEN,
    template: TOKEN,
    after: TOKEN,
  },
  ...['no JSON', '[]', '"x"', 'null', '7', ''].map((text) => ({
    title: `as if nothing was copied when the record cannot be read: ${text}`,
    workload: {},
    template: { ...TOKEN, [COPIED]: text },
    after: TOKEN,
  })),
  {
    title: 'with a record as long as all annotations of an object may be',
    workload: {},
    template: { ...TOKEN, [COPIED]: JSON.stringify(TOKEN).padEnd(MAX_ANNOTATIONS_BYTES) },
    after: {},
  },
  {
    title: 'as if nothing was copied when the record is longer',
    workload: {},
    template: { ...TOKEN, [COPIED]: JSON.stringify(TOKEN).padEnd(MAX_ANNOTATIONS_BYTES + 1) },
    after: TOKEN,
  },
  {
    title: 'with a record of keys that are not ours, which changes nothing else',
    workload: {},
    template: { other: 'x', ...record({ other: 'x', [KEYS.token]: 7, __proto__: 1 }) },
    after: { other: 'x' },
  },
];

describe('the template follows the workload', () => {
  for (const { title, workload: annotations, template, after, warned = false } of FOLLOWS) {
    it(title, () => {
      const object = workload({ annotations, templateMetadata: { annotations: template } });
      const request = { operation: 'UPDATE' };
      assert.deepEqual(templateAnnotations(stored(object, request)), after);
      assert.equal(
        reviewOf(object, request).warnings.some((text) => text.includes('wins over')),
        warned,
      );
      assert.deepEqual(
        reviewOf(stored(object, request), request).operations,
        [],
        'a second look changes nothing',
      );
    });
  }
});

describe('the review of workloads', () => {
  const owned = { ownerReferences: [{ kind: 'Deployment', name: 'web', controller: true }] };

  it('leaves a workload alone that a controller owns', () => {
    const answer = reviewOf(workload({ kind: 'ReplicaSet', annotations: TOKEN, metadata: owned }));
    assert.deepEqual([answer.reason, answer.operations, answer.warnings], ['NotRequested', [], []]);
  });

  it('copies to a workload with an owner that is not its controller', () => {
    const metadata = { ownerReferences: [{ kind: 'App', name: 'x' }] };
    assert.equal(reviewOf(workload({ annotations: TOKEN, metadata })).reason, 'Injected');
  });

  it('copies to a Job that is suspended and was never started: its template may still change', () => {
    const suspended = (annotations: Json | undefined, status: Json): Json => {
      const job = workload({ kind: 'Job', annotations });
      return { ...job, spec: { ...Object(job['spec']), suspend: true }, status };
    };
    const warningFor = (status: Json): string =>
      reviewOf(suspended(TOKEN, status), { operation: 'UPDATE', oldObject: suspended(undefined, status) })
        .warnings[0] ?? '';
    assert.match(warningFor({}), /token is copied when a Job is created: annotate its pod template too$/);
    assert.match(warningFor({ startTime: null }), /annotate its pod template too$/);
    assert.match(warningFor({ startTime: '2026-11-28T00:00:00Z' }), /template is fixed/);
  });

  it('leaves alone a Job that exists: its template is fixed', () => {
    const old = workload({ kind: 'Job' });
    const answer = reviewOf(workload({ kind: 'Job', annotations: TOKEN }), {
      operation: 'UPDATE',
      oldObject: old,
    });
    assert.deepEqual(answer.operations, []);
    assert.match(
      answer.warnings.join(),
      /token changes nothing now, a Job's pod template is fixed: create the Job again/,
    );
  });

  it('leaves alone subresources, other operations, other kinds, other namespaces', () => {
    const object = workload({ annotations: TOKEN });
    const others = [
      { subResource: 'scale' },
      { subResource: 'status' },
      { operation: 'DELETE' },
      { operation: 'CONNECT' },
      { resource: { group: 'example.org', resource: 'deployments' } },
      { resource: { group: '', resource: 'pods' } },
      { namespace: 'kube-system' },
      { namespace: 'jwt-injector' },
    ];
    for (const more of others) {
      const answer = reviewOf(object, more);
      assert.deepEqual([answer.allowed, answer.operations], [true, []], JSON.stringify(more));
    }
  });

  it('leaves alone shapes that are not valid', () => {
    const shapes: readonly Json[] = [
      { kind: 'Deployment', metadata: { annotations: TOKEN } },
      { kind: 'Deployment', metadata: { annotations: TOKEN }, spec: { template: 7 } },
      workload({ annotations: { [KEYS.token]: 7 } }),
      workload({ annotations: TOKEN, templateMetadata: 'x' }),
      workload({ annotations: TOKEN, templateMetadata: { annotations: 'x' } }),
    ];
    for (const shape of shapes) assert.deepEqual(reviewOf(shape).operations, [], JSON.stringify(shape));
  });
});
