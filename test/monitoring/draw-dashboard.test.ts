import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPanels, type Panel } from './dashboard.ts';
import { drawDashboard } from './draw-dashboard.ts';

const GOOD = '#37872d';
const BAD = '#c4162a';
const SOON = '#e0752d';
const NEUTRAL = '#24292e';

const DAY = 86_400;

function panelOf(title: string): Panel {
  const panel = readPanels().find((one) => one.title === title);
  assert.ok(panel, title);
  return panel;
}

/** The colour of a panel's number. */
function colourOf(title: string, value: number): string | undefined {
  const picture = drawDashboard([
    { panel: panelOf(title), shown: [{ name: '', values: [[1_800_000_000, value]] }] },
  ]);
  return /font-size="34" fill="(#\w+)"/.exec(picture)?.[1];
}

describe('a number of the dashboard', () => {
  for (const [title, value, colour] of [
    ['JWTs', 0, NEUTRAL],
    ['JWTs', 100_000, NEUTRAL],
    ['JWTs without a valid token', 0, GOOD],
    ['JWTs without a valid token', 1, BAD],
    ['JWTs without a valid token', 2, BAD],
    ['Replicas that lead', 0, BAD],
    ['Replicas that lead', 1, GOOD],
    ['Certificate expires in', 20 * DAY, GOOD],
    ['Certificate expires in', 6 * DAY, SOON],
    ['Certificate expires in', -1, BAD],
  ] as const) {
    it(`has a colour, ${title}: ${value} is ${colour}`, () => assert.equal(colourOf(title, value), colour));
  }

  it('has thresholds of its own: without any, Grafana shows all values from 80 on in red', () => {
    const numbers = readPanels().filter(({ type }) => type === 'stat');
    assert.ok(numbers.length >= 4);
    for (const { title, fieldConfig } of numbers) {
      const { mode, steps = [] } = fieldConfig.defaults.thresholds ?? {};
      assert.equal(mode, 'absolute', title);
      assert.equal(steps[0]?.value, null, `${title}: the first step counts below all others`);
      const values = steps.slice(1).map((step) => Number(step.value));
      assert.deepEqual(
        values,
        values.toSorted((one, other) => one - other),
        title,
      );
    }
  });
});
