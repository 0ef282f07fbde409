import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  parseAdmissionReview,
  writeAdmissionReview,
  type AdmissionAnswer,
} from '../../src/resources/admission-review.ts';
import { RUNS, validPod } from './generated-pods.ts';
import { brokenPod, hostileJson } from './hostile-json.ts';
import { expectPod } from './model.ts';
import { at, DIRECTORY, KEYS, patched, readAnswer, review, reviewPod, type Json } from './pods.ts';
import { followRemedies } from './remedies.ts';
import { NO_DEFAULT } from './workloads.ts';
import { readWorkloadReview } from '../../src/admission/review-workloads.ts';
import { APP } from '../../src/resources/names.ts';

function checkAnswer(answer: AdmissionAnswer): void {
  assert.ok(answer.warnings.length <= 3);
  for (const warning of answer.warnings) {
    assert.ok(Array.from(warning).length <= 120, warning);
    assert.doesNotMatch(warning, /\p{Cc}/u);
  }
  assert.ok(answer.allowed || answer.patch === '');
  assert.match(writeAdmissionReview('ü', answer), /^\p{ASCII}*$/u);
  assert.equal(Reflect.get({}, 'tokens.osg-htc.org/token'), undefined);
  assert.deepEqual(Object.keys(Object.prototype), []);
}

/** The first container with a warning about its own variable, and the number of further ones. */
function warnedOfKept({ warnings }: AdmissionAnswer): readonly unknown[] | undefined {
  const found = warnings.map((text) =>
    /^container "(\w+)": \S+ is set .*: kept; .*?(?:\(and (\d+) more\))?$/.exec(text),
  );
  const match = found.find((one) => one !== null);
  return match === undefined || match === null ? undefined : [match[1], Number(match[2] ?? 0)];
}

function countKept([first, ...more]: readonly string[]): readonly unknown[] | undefined {
  return first === undefined ? undefined : [first, more.length];
}

describe('laws of the patch:', () => {
  it('the patched pod is that of the model, and only has additions', () => {
    fc.assert(
      fc.property(validPod, (pod) => {
        const answer = review(pod);
        const expected = expectPod(pod);
        if (expected === 'refused') assert.equal(answer.decision, 'deny', answer.message);
        else {
          assert.ok(answer.allowed, answer.message);
          assert.ok(answer.operations.every(({ op }) => op === 'add'));
          assert.deepEqual(patched(pod, answer), expected === 'untouched' ? pod : expected.pod);
          assert.deepEqual(
            warnedOfKept(answer),
            expected === 'untouched' ? undefined : countKept(expected.kept),
          );
        }
        checkAnswer(answer);
      }),
      RUNS,
    );
  });

  it('a patched pod is admitted without a further patch', () => {
    fc.assert(
      fc.property(validPod, (pod) => {
        const answer = review(pod);
        if (answer.decision !== 'inject') return;
        const again = review(patched(pod, answer));
        const outcome = [again.decision, again.reason, again.operations];
        assert.deepEqual(outcome, ['skip', 'AlreadyInjected', []], again.message);
      }),
      RUNS,
    );
  });

  it('the remedies of a refusal for mounts help: what is refused then has another cause, or other remedies', () => {
    fc.assert(
      fc.property(validPod, (pod) => {
        const { reason, message } = review(pod);
        if (reason !== 'MountPathTaken') return;
        for (const [remedy, after] of followRemedies(pod, message)) {
          const then = review(after).message.replaceAll('/another/directory', mountPathIn(pod));
          // The same mount may also hide what another mount of the volume shows, or take the place that a new one would.
          assert.notEqual(then, message, remedy);
        }
      }),
      RUNS,
    );
  });

  it('existing entries stay, in their order', () => {
    fc.assert(
      fc.property(validPod, (pod) => {
        const before = JSON.stringify(pod);
        const answer = review(pod);
        assert.equal(JSON.stringify(pod), before, 'the review itself is not touched');
        assertContains(patched(pod, answer), pod);
      }),
      RUNS,
    );
  });

  it('the same input gives the same bytes', () => {
    fc.assert(
      fc.property(validPod, (pod) => {
        const bytes = (): string => writeAdmissionReview('u', review(structuredClone(pod)));
        assert.equal(bytes(), bytes());
      }),
      RUNS,
    );
  });
});

function mountPathIn(pod: Json): string {
  const value = at(pod, 'metadata', 'annotations', KEYS.mountPath);
  return typeof value === 'string' && value.trim() !== '' ? value.replace(/\/$/, '') : DIRECTORY;
}

/** Asserts that lists only got more entries, objects more members, and nothing else changed. */
function assertContains(after: unknown, before: unknown): void {
  if (Array.isArray(before)) {
    assert.ok(Array.isArray(after));
    let next = 0;
    for (const entry of before) {
      const found = after.findIndex((candidate, index) => index >= next && contains(candidate, entry));
      assert.ok(found >= 0, `${JSON.stringify(entry)} is lost`);
      next = found + 1;
    }
  } else if (typeof before === 'object' && before !== null) {
    for (const [key, value] of Object.entries(before)) {
      const own = Object.getOwnPropertyDescriptor(after, key)?.value;
      if (value !== null) assertContains(own, value);
    }
  } else assert.equal(after, before);
}

function contains(after: unknown, before: unknown): boolean {
  try {
    assertContains(after, before);
    return true;
  } catch {
    return false;
  }
}

describe('hostile reviews', () => {
  for (const [title, object] of [
    ['with our words used wrongly', hostileJson],
    ['of pods that are broken somewhere', brokenPod],
  ] as const) {
    it(`${title} cause no crash and no prototype pollution, and get an answer as documented`, () => {
      fc.assert(
        fc.property(
          object,
          hostileJson,
          fc.constantFrom('CREATE', 'UPDATE', 'DELETE', ''),
          (value, old, operation) => {
            for (const [resource, subResource] of [
              ['pods', ''],
              ['pods', 'ephemeralcontainers'],
              ['deployments', ''],
              ['cronjobs', ''],
            ]) {
              const group = { pods: '', deployments: 'apps', cronjobs: 'batch' }[resource ?? ''];
              const request = {
                uid: 'u',
                operation,
                resource: { group, resource },
                subResource,
                namespace: 'ns',
              };
              const body = {
                apiVersion: 'admission.k8s.io/v1',
                kind: 'AdmissionReview',
                request: { ...request, object: value, oldObject: old },
              };
              const parsed = parseAdmissionReview(JSON.parse(JSON.stringify(body)));
              assert.ok(parsed.ok);
              const answer =
                resource === 'pods'
                  ? reviewPod(parsed.value, 'a')
                  : readAnswer(readWorkloadReview(parsed.value, APP).answer(NO_DEFAULT));
              checkAnswer(answer);
              if (answer.operations.length > 0) patched(parsed.value.object, answer);
            }
          },
        ),
        RUNS,
      );
    });
  }

  it('are read as a problem or a request, never with a crash, whatever the envelope is', () => {
    fc.assert(
      fc.property(hostileJson, (value) => {
        const parsed = parseAdmissionReview(value);
        assert.equal(parsed.ok, false);
      }),
      RUNS,
    );
  });
});
