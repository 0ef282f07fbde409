import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Loose } from '../integration/objects.ts';
import { holdFirst } from './hold.ts';
import type { Rule } from './proxy.ts';

describe('a request that the proxy holds', () => {
  it('is waited for with a deadline, and is not held after its scope', async () => {
    const rules = new Set<Rule>();
    const proxy: Loose = {
      treat: (rule: Rule) => {
        rules.add(rule);
        return () => rules.delete(rule);
      },
    };
    {
      using held = holdFirst(proxy, 'a write of the Secret', () => true);
      await assert.rejects(held.arrive(50), /not within .*a write of the Secret to be sent/);
      assert.equal(rules.size, 1);
    }
    assert.equal(rules.size, 0);
  });

  it('is dropped at the end of its scope if nobody has decided', async () => {
    const rules: Rule[] = [];
    const proxy: Loose = { treat: (rule: Rule) => (rules.push(rule), () => 0) };
    const seen: Loose = { method: 'PATCH' };
    let treatment: ReturnType<Rule>;
    {
      using held = holdFirst(proxy, 'a write', () => true);
      treatment = rules[0]?.(seen);
      assert.equal(await held.arrive(1_000), seen);
    }
    assert.equal(treatment?.do === 'hold' && (await treatment.until), 'drop');
  });
});
