import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { skipPod } from '../../../src/admission/decision.ts';
import { readWorkload } from '../../../src/admission/workloads/read-workload.ts';
import { readWorkloadReview } from '../../../src/admission/review-workloads.ts';
import { APP } from '../../../src/resources/names.ts';
import { warnOfTemplate } from '../../../src/admission/workloads/template-warnings.ts';
import { findWorkloadKind } from '../../../src/admission/workloads/workload-kinds.ts';
import { annotatedPod, container, KEYS, review, type Json } from '../pods.ts';
import { COPIED, reviewOf, workload, workloadRequest } from '../workloads.ts';

const P = 'tokens.osg-htc.org/';
const TOKEN = { [KEYS.token]: 'my-jwt' };

/** Asserts the number of texts, and the beginning of each. */
function assertBegin(texts: readonly string[], beginnings: readonly string[]): void {
  assert.deepEqual(
    texts.map((text, index) => text.slice(0, beginnings[index]?.length)),
    beginnings,
  );
}

describe('the writer of a workload gets a warning about', () => {
  it('the refusal of its pods, with the remedy', () => {
    const answer = reviewOf(workload({ kind: 'StatefulSet', annotations: { [KEYS.token]: 'My_JWT' } }));
    assert.deepEqual([answer.allowed, answer.decision], [true, 'inject']);
    assert.deepEqual(answer.warnings, [
      'pods of this StatefulSet will be refused: annotation tokens.osg-htc.org/token: "My_JWT" is not a valid token name',
      'to have them admitted: the closest valid one is "my-jwt"',
    ]);
  });

  it('a refusal whose text is long, with the names at its end', () => {
    const podSpec = {
      volumes: [{ name: 'scratch-area', emptyDir: {} }],
      containers: [
        container('reprocessing', {
          volumeMounts: [{ name: 'scratch-area', mountPath: '/var/run/secrets/jwt' }],
        }),
      ],
    };
    const object = workload({ kind: 'StatefulSet', podSpec, templateMetadata: { annotations: TOKEN } });
    assert.deepEqual(reviewOf(object).warnings, [
      'its pods will be refused: container "reprocessing": mount path /var/run/secrets/jwt is taken by volume "scratch-area"',
      'to have them admitted: set annotation …/mount-path to another directory, or mount "scratch-area" elsewhere',
    ]);
    const both = { [KEYS.containers]: 'a', [KEYS.skipContainers]: 'b', ...TOKEN };
    assert.equal(
      reviewOf(workload({ kind: 'StatefulSet', templateMetadata: { annotations: both } })).warnings[0],
      'pods of this StatefulSet will be refused: both …/containers and …/skip-containers are set',
    );
  });

  it('a path that no file can have, with what is wrong with it before the path', () => {
    const mount = { name: 'data', mountPath: `/${'n'.repeat(256)}` };
    const podSpec = { containers: [container('reprocessing', { volumeMounts: [mount] })] };
    const [first] = reviewOf(workload({ podSpec, templateMetadata: { annotations: TOKEN } })).warnings;
    assert.match(first ?? '', /container "reprocessing": a mount path has a part of 256 bytes/);
  });

  it('a refusal because of the template itself', () => {
    const podSpec = {
      volumes: [{ name: 'data', emptyDir: {} }],
      containers: [container('app', { volumeMounts: [{ name: 'data', mountPath: '/var/run/secrets/jwt' }] })],
    };
    const answer = reviewOf(workload({ podSpec, templateMetadata: { annotations: TOKEN } }));
    assert.deepEqual([answer.decision, answer.reason], ['skip', 'MountPathTaken']);
    assert.match(
      answer.warnings[0] ?? '',
      /^pods of this Deployment will be refused: container "app": mount path/,
    );
  });

  const cases: readonly { title: string; object: Json; warning: string }[] = [
    {
      title: 'a misspelt annotation of the workload',
      object: workload({ annotations: { [`${P}tokn`]: 'x', ...TOKEN } }),
      warning: `unknown annotation "${P}tokn": did you mean token?`,
    },
    {
      title: 'a misspelt annotation of the template',
      object: workload({ templateMetadata: { annotations: { [`${P}tokn`]: 'x' } } }),
      warning: `unknown annotation "${P}tokn": did you mean token?`,
    },
    {
      title: 'settings without a token',
      object: workload({ annotations: { [KEYS.envVar]: 'X' } }),
      warning: `annotation ${P}env-var has no effect without ${P}token`,
    },
    {
      title: 'two places that differ',
      object: workload({ annotations: TOKEN, templateMetadata: { annotations: { [KEYS.token]: 'own' } } }),
      warning: `${P}token of the pod template: "own" wins over "my-jwt" of the Deployment`,
    },
    {
      title: 'an annotation of a CronJob’s Job',
      object: {
        kind: 'CronJob',
        metadata: {},
        spec: {
          jobTemplate: {
            metadata: { annotations: TOKEN },
            spec: { template: { spec: { containers: [container()] } } },
          },
        },
      },
      warning: `annotation ${P}token has no effect on spec.jobTemplate.metadata: put it on the CronJob`,
    },
    {
      title: 'the record of copies on the workload itself',
      object: workload({ annotations: { [`${P}copied`]: '{}', ...TOKEN } }),
      warning: `annotation ${P}copied has no effect here: jwt-injector writes it on pod templates`,
    },
    {
      title: 'a label of the workload',
      object: workload({ metadata: { labels: TOKEN }, annotations: TOKEN }),
      warning: `label ${P}token has no effect here: make it an annotation`,
    },
  ];
  for (const { title, object, warning } of cases) {
    it(title, () => assert.deepEqual(reviewOf(object).warnings, [warning]));
  }

  it('the most useful first: the refusal, then a difference of the two places, then an annotation without effect', () => {
    const annotations = { [KEYS.token]: 'my-jwt', [KEYS.mountPath]: '/a' };
    const templateMetadata = { annotations: { [KEYS.mountPath]: '..' } };
    const { metadata, spec } = workload({ kind: 'CronJob', annotations, templateMetadata });
    const jobTemplate = { ...Object(spec).jobTemplate, metadata: { annotations: TOKEN } };
    const { warnings } = reviewOf({ kind: 'CronJob', metadata, spec: { jobTemplate } });
    assertBegin(warnings, ['pods of this CronJob will be refused', 'to have them admitted', KEYS.mountPath]);
  });

  it('the refusal before the late change of a Job', () => {
    const templateMetadata = { annotations: { [KEYS.token]: 'my-jwt', [KEYS.mountPath]: '..' } };
    const job = (annotations: Json): Json => workload({ kind: 'Job', annotations, templateMetadata });
    const changed = job({ ...TOKEN, [KEYS.envVar]: 'X' });
    const { warnings } = reviewOf(changed, { operation: 'UPDATE', oldObject: job({}) });
    assertBegin(warnings, ['pods of this Job will be refused', 'to have them admitted', KEYS.envVar]);
  });

  it('an unknown annotation before one without effect in its place', () => {
    const object = workload({ kind: 'CronJob', annotations: { ...TOKEN, [`${P}tokn`]: 'x' } });
    const jobTemplate = { ...Object(object['spec']).jobTemplate, metadata: { annotations: TOKEN } };
    const { warnings } = reviewOf({ ...object, spec: { jobTemplate } });
    assertBegin(warnings, ['unknown annotation', `annotation ${KEYS.token} has no effect`]);
  });

  it('a job template only in a CronJob', () => {
    const object = workload({ annotations: TOKEN });
    const jobTemplate = { metadata: { annotations: TOKEN } };
    const { warnings } = reviewOf({ ...object, spec: { ...Object(object['spec']), jobTemplate } });
    assert.deepEqual(warnings, []);
  });

  it('no mistake in a template that the API server refuses', () => {
    const object = workload({ annotations: { ...TOKEN, [`${P}tokn`]: 'x' } });
    const kind = findWorkloadKind({ group: 'apps', resource: '' }, 'Deployment');
    assert.ok(kind !== undefined);
    const read = readWorkload({ kind, object, isUpdate: false, namespace: 'ns' });
    assert.ok(read.ok);
    const warned = (reason: 'NoContainers' | 'NotRequested'): number =>
      warnOfTemplate(read.value, skipPod(reason, 'left to the API server')).length;
    assert.deepEqual([warned('NoContainers'), warned('NotRequested')], [0, 1]);
  });

  it('not anything that is correct', () => {
    assert.deepEqual(reviewOf(workload({ annotations: TOKEN })).warnings, []);
    assert.deepEqual(reviewOf(workload({ annotations: { [KEYS.inject]: 'false' } })).warnings, []);
  });
});

describe('an annotation of a Job that exists', () => {
  const own = { annotations: TOKEN };
  const copied = { annotations: { ...TOKEN, [COPIED]: JSON.stringify(TOKEN) } };
  const other = { [KEYS.token]: 'other' };
  const cases: Readonly<
    Record<string, readonly [before: Json, after: Json, templateMetadata: unknown, isWarned: boolean]>
  > = {
    'comes too late': [{}, TOKEN, undefined, true],
    'comes too late to be changed': [TOKEN, other, copied, true],
    'comes too late to be removed': [TOKEN, {}, copied, true],
    'comes too late, and the template has another': [{}, other, own, true],
    'is what the template has anyway': [{}, TOKEN, own, false],
    'is what was copied': [{}, TOKEN, copied, false],
    'goes, and the template has its own': [TOKEN, {}, own, false],
    'goes, and the template has none': [TOKEN, {}, undefined, false],
    stays: [TOKEN, TOKEN, undefined, false],
  };
  for (const [title, [before, after, templateMetadata, isWarned]] of Object.entries(cases)) {
    it(title, () => {
      const job = (annotations: Json): Json => workload({ kind: 'Job', annotations, templateMetadata });
      const { warnings, operations } = reviewOf(job(after), { operation: 'UPDATE', oldObject: job(before) });
      const text = `${KEYS.token} changes nothing now, a Job's pod template is fixed: create the Job again`;
      assert.deepEqual([warnings, operations], [isWarned ? [text] : [], []]);
    });
  }
});

describe('the place of the ServiceAccount’s token', () => {
  const path = '/var/run/secrets/kubernetes.io/serviceaccount';
  const annotations = { ...TOKEN, [KEYS.mountPath]: path };
  const taken = (who: string): readonly string[] => [
    `${who} may be refused: ${path} has the ServiceAccount's token`,
    `to have them admitted: set annotation ${KEYS.mountPath} to another directory`,
  ];

  it('is reported to the writer of a workload, in which it is not visible yet', () => {
    const { warnings, allowed } = reviewOf(workload({ kind: 'StatefulSet', annotations }));
    assert.deepEqual([allowed, warnings], [true, taken('pods of this StatefulSet')]);
    assert.ok(warnings.every(({ length }) => length <= 120));
  });

  it('is reported if one mount of one container is there', () => {
    const volumes = [{ name: 'own', secret: { secretName: 'my-jwt' } }];
    const mounting = container('other', { volumeMounts: [{ name: 'own', mountPath: '/own' }] });
    const podSpec = { volumes, containers: [container(), mounting] };
    const { warnings } = reviewOf(
      workload({ annotations: { ...annotations, [KEYS.token]: 'my-jwt,two' }, podSpec }),
    );
    assert.deepEqual(warnings, taken('pods of this Deployment'));
  });

  it('is free if the template switches it off, and below it', () => {
    const podSpec = { containers: [container()], automountServiceAccountToken: false };
    assert.deepEqual(reviewOf(workload({ annotations, podSpec })).warnings, []);
    const below = { ...TOKEN, [KEYS.mountPath]: `${path}/jwt` };
    assert.deepEqual(reviewOf(workload({ annotations: below })).warnings, []);
  });

  it('is free in a pod without it', () => {
    const { reason, warnings } = review(annotatedPod({}, { [KEYS.mountPath]: path }));
    assert.deepEqual([reason, warnings], ['Injected', []]);
  });
});

it('a template of a shape that the API server refuses gets no warnings', () => {
  const annotations = { ...TOKEN, 'tokens.osg-htc.org/tokn': 'x' };
  assert.equal(reviewOf(workload({ annotations })).warnings.length, 1);
  assert.deepEqual(reviewOf(workload({ annotations, podSpec: { containers: [] } })).warnings, []);
});

describe('the namespace’s default', () => {
  const settings = workload({ annotations: { [KEYS.envVar]: 'X' } });

  it('is only read if the template names no token', () => {
    const defaultOf = (object: Json, more = {}): string | undefined =>
      readWorkloadReview(workloadRequest(object, more), APP).defaultOf;
    assert.equal(defaultOf(settings), 'ns');
    assert.equal(defaultOf(workload({ annotations: TOKEN })), undefined);
    for (const namespace of [undefined, 'a.b', 'n'.repeat(64)])
      assert.equal(defaultOf(settings, { namespace }), undefined);
    assert.equal(defaultOf(settings, { subResource: 'scale' }), undefined);
  });

  it('makes settings without a token valid', () => {
    assert.deepEqual(reviewOf(settings, {}, { known: true, token: 'ns-jwt' }).warnings, []);
  });

  it('causes no warning if it cannot be read: the annotations are copied', () => {
    const answer = reviewOf(settings, {}, { known: false });
    assert.deepEqual([answer.allowed, answer.operations.length, answer.warnings], [true, 1, []]);
  });
});
