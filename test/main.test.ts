import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { annotatedPod } from './admission/pods.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');

describe('the command line', () => {
  it('ends quietly when its reader has seen enough', async () => {
    const items = Array.from({ length: 1_000 }, (_, index) => {
      const pod = annotatedPod();
      return {
        ...pod,
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...Object(pod['metadata']), name: `pod-${index}` },
      };
    });
    const child = spawn(process.execPath, [MAIN, 'explain', '-f', '-']);
    let complaints = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
    child.stdin.end(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code] = await once(child, 'exit');
    assert.deepEqual([code, complaints], [0, '']);
  });
});
