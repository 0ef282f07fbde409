import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findLongFile, findLongPlace } from '../../../src/admission/placement/long-paths.ts';
import { annotatedPod, container, KEYS, review } from '../pods.ts';
import { mount, shape } from '../shapes.ts';

const REMEDY = 'use a path of at most 4095 bytes, in parts of at most 255';
const LONG = `/${'m'.repeat(256)}`;

describe('a path that no file can have', () => {
  it('is found among the files of a volume, with the name of the volume', () => {
    const shown = new Map([
      ['short', ['token']],
      ['long', ['token', 'p'.repeat(5_000)]],
    ]);
    assert.deepEqual(findLongFile(shown), {
      reason: 'TooLarge',
      what: 'volume "long" shows the token at a path that has 5000 bytes',
      remedy: REMEDY,
    });
    assert.equal(findLongFile(new Map([['v', ['token']]])), undefined);
  });

  it('is found among the mounts and devices of each container, with the path', () => {
    const shown = `/${'m'.repeat(98)}…`;
    const long = shape([mount('v', '/a'), mount('w', LONG)], [], 'long');
    assert.deepEqual(findLongPlace([shape([mount('v', '/a')]), long]), {
      reason: 'TooLarge',
      what: `container "long": a mount path has a part of 256 bytes (${shown})`,
      remedy: REMEDY,
    });
    const device = shape([], [{ volume: 'd', path: LONG }]);
    assert.equal(
      findLongPlace([device])?.what,
      `container "app": a device path has a part of 256 bytes (${shown})`,
    );
    assert.equal(findLongPlace([shape([mount('v', '/a')], [{ volume: 'd', path: '/d' }])]), undefined);
  });

  it('refuses a pod that asks for a token, whichever volume and container it is of', () => {
    for (const mountPath of [LONG, '//a/../b'.repeat(600)]) {
      const side = container('side', { volumeMounts: [{ name: 'cache', mountPath }] });
      const pod = annotatedPod({ containers: [container(), side] }, { [KEYS.containers]: 'app' });
      const { reason, message } = review(pod);
      assert.deepEqual([reason, message.endsWith(REMEDY)], ['TooLarge', true], message);
    }
  });
});
