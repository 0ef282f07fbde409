import assert from 'node:assert/strict';
import { PRODUCT } from '../cluster/install.ts';
import type { Story } from './story.ts';

/** The content of the image, as an admin sees it. */
export const IMAGE: Story = {
  name: 'image',
  async play({ cluster, log }) {
    const execute = async (...command: readonly string[]) => {
      const args = ['exec', '-n', PRODUCT, `deployment/${PRODUCT}`, '--', ...command];
      return (await cluster.controlPlane.kubectl(args, { allowFailure: true })).stdout;
    };
    for (const program of ['jwt-injector', 'kubectl-jwt'])
      assert.match(await execute(program, 'version'), /^jwt-injector \d+\.\d+\.\d+ \(Node 24\./, program);
    const look =
      'console.log(process.getuid(), JSON.stringify(fs.readdirSync("/app/dist")), fs.existsSync("/bin/sh"))';
    const [uid = '', files = '', shell = ''] = (await execute('node', '-e', look)).trim().split(' ');
    assert.equal(uid, '65532');
    for (const file of ['licenses.txt', 'sbom.cdx.json']) assert.ok(files.includes(`"${file}"`), files);
    assert.equal(shell, 'false');
    log('the image has its programs on the PATH, its licences and its list of packages, and no shell');
  },
};
