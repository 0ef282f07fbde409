import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { injectCommand } from '../../src/commands/inject.ts';
import { at, KEYS, MOUNT, VOLUME } from '../admission/pods.ts';
import { runCommand, type Outcome } from './captured-io.ts';

const fromStdin = (input: string, ...more: readonly string[]): Promise<Outcome> =>
  runCommand(injectCommand, ['-f', '-', ...more], { input });

const POD = `# what it is for
apiVersion: v1
kind: Pod
metadata:
  name: p
  annotations: {tokens.osg-htc.org/token: my-jwt} # ours
spec:
  containers:
    - name: app
      image: "busybox"
      resources: {limits: {cpu: 1e3}}
`;

describe('inject -f', () => {
  for (const nothing of [
    'volumes: # none yet',
    'volumes:\t# none yet',
    'volumes: ~   # none yet',
    'volumes: !!null # none yet',
    'volumes: [] # none yet',
    'volumes: [ # none yet\n  ]',
    'volumes: # none yet\n    ~',
    'volumes:\n    # none yet\n    []',
    'volumes:\n  # none yet',
  ]) {
    it(`keeps every comment where there is ${JSON.stringify(nothing)}`, async () => {
      const pod = `# head\n${POD.replace('  containers:', `  ${nothing}\n  containers:`)}      volumeMounts:   #n\n# tail\n`;
      const { code, out, err } = await fromStdin(pod);
      assert.deepEqual([code, err], [0, '']);
      for (const comment of pod.match(/#.*/g) ?? [])
        assert.ok(out.includes(comment), `${comment} in\n${out}`);
      const [lines, printed] = [pod, out].map((text) => text.split('\n').map((line) => line.trim()));
      const lost = lines?.filter((line) => !printed?.includes(line)) ?? [];
      assert.ok(
        lost.every((line) => /^(?:volumes:|# none yet$|~$|\[?\]$)/.test(line)),
        lost.join('\n'),
      );
      assert.deepEqual(at(parse(out), 'spec', 'volumes'), [VOLUME]);
      assert.deepEqual(at(parse(out), 'spec', 'containers', 0, 'volumeMounts'), [MOUNT]);
    });
  }

  it('says that comments are lost, where that cannot be helped', async () => {
    const twice = `apiVersion: v1
kind: Pod
metadata: {name: p, annotations: {${KEYS.token}: my-jwt}}
spec:
  containers:
  - &a
    name: a # kept
    image: b # lost
    image: c
  - <<: *a
    name: d
`;
    const { code, out, err } = await fromStdin(`kind: Service\n---\n${twice}`);
    assert.equal(code, 0);
    assert.match(out, /# kept/);
    assert.doesNotMatch(out, /# lost/);
    assert.match(
      err,
      /^warning: -, document 2: some of its comments are lost, as it cannot be changed in place: .+\n$/,
    );
    assert.equal((await fromStdin(twice, '-o', 'json')).err, '', 'JSON has none');
  });
});
