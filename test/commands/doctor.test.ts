import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { certsCommand } from '../../src/commands/certs.ts';
import { doctorCommand } from '../../src/commands/doctor.ts';
import { runCommand } from './captured-io.ts';

for (const [name, command] of Object.entries({ doctor: doctorCommand, certs: certsCommand })) {
  describe(`${name}:`, () => {
    for (const args of [['more'], ['-o', 'table'], ['-A']]) {
      it(`wrong usage (${args.join(' ')}) ends with exit code 2 and the ways to call it`, async () => {
        const { code, out, err } = await runCommand(command, args);
        assert.deepEqual([code, out], [2, '']);
        assert.match(err, new RegExp(String.raw`^error: .*\n\nUsage: jwt-injector ${name} `, 's'));
      });
    }

    it('--help explains, with exit code 0', async () => {
      const { code, out } = await runCommand(command, ['-h']);
      assert.equal(code, 0);
      assert.match(out, new RegExp(`^Usage: jwt-injector ${name} `));
      assert.match(out, /-n, --namespace NS\n? +where jwt-injector is installed/);
    });

    it('ends with exit code 3 and one line if a cluster cannot be found', async () => {
      const { code, out, err } = await runCommand(command, ['--kubeconfig', '/no/such/file']);
      assert.deepEqual([code, out], [3, '']);
      assert.match(err, /^error: .+\n$/);
    });
  });
}
