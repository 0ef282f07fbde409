import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerSelection } from '../../src/admission/annotations/injection-settings.ts';
import { selectContainers } from '../../src/admission/select-containers.ts';
import { shape } from './shapes.ts';

const ALL = ['app', 'web', 'init'].map((name) => shape([], [], name));

function select(mode: 'only' | 'except', ...names: readonly string[]) {
  return selectContainers(ALL, { mode, names: new Set(names), key: 'k' });
}

/** The names of the containers, and the warnings. */
function selected(result: ReturnType<typeof selectContainers>): unknown {
  assert.ok(result.ok);
  return [result.value.map(({ name }) => name), result.warnings];
}

describe('the containers that get the token', () => {
  it('are all of them, or only those of a list, or all but those', () => {
    const all: ContainerSelection = { mode: 'all' };
    assert.deepEqual(selected(selectContainers(ALL, all)), [['app', 'web', 'init'], []]);
    assert.deepEqual(selected(select('only', 'init', 'app')), [['app', 'init'], []]);
    assert.deepEqual(selected(select('except', 'web')), [['app', 'init'], []]);
  });

  it('have a warning if the list names unknown ones, with the closest name of the first', () => {
    const text = 'annotation k: no container "wep", did you mean "web"?';
    assert.deepEqual(selected(select('only', 'wep', 'app', 'nobody', 'other')), [
      ['app'],
      [{ kind: 'unknownContainer', text, more: 2 }],
    ]);
    const [, warnings] = [select('except', 'nobody')].flatMap((result) => [result.ok, result.warnings]);
    assert.deepEqual(warnings, [
      { kind: 'unknownContainer', text: 'annotation k: no container "nobody"', more: 0 },
    ]);
  });

  it('are at least one', () => {
    assert.deepEqual(select('except', 'app', 'web', 'init'), {
      ok: false,
      problem: {
        what: 'annotation k selects no container',
        remedy: `the pod's containers are "app", "web", "init"`,
      },
      warnings: [],
    });
    assert.deepEqual(select('only', 'apps'), {
      ok: false,
      problem: {
        what: 'annotation k selects no container: no container "apps", did you mean "app"?',
        remedy: `the pod's containers are "app", "web", "init"`,
      },
      warnings: [],
    });
  });

  it('are named up to five', () => {
    const named = (count: number): string => {
      const all = Array.from({ length: count }, (_, index) => shape([], [], `c${index}`));
      const result = selectContainers(all, { mode: 'only', names: new Set(['nobody']), key: 'k' });
      assert.ok(!result.ok);
      return result.problem.remedy;
    };
    assert.equal(named(5), `the pod's containers are "c0", "c1", "c2", "c3", "c4"`);
    assert.equal(named(6), `the pod's containers are "c0", "c1", "c2", "c3", "c4" …`);
  });
});
