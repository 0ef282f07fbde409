import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { certsCommand } from '../../../src/commands/certs.ts';
import { commandPrinter } from '../../../src/commands/cluster/command-printer.ts';
import type { Command } from '../../../src/commands/command.ts';
import { doctorCommand } from '../../../src/commands/doctor.ts';
import { explainCommand } from '../../../src/commands/explain.ts';
import { jwksCommand } from '../../../src/commands/jwks.ts';
import { keygenCommand } from '../../../src/commands/keygen.ts';
import { migrateCommand } from '../../../src/commands/migrate.ts';
import { renewCommand } from '../../../src/commands/renew.ts';
import { rotateCommand } from '../../../src/commands/rotate.ts';
import { statusCommand } from '../../../src/commands/status.ts';
import { verifyCommand } from '../../../src/commands/verify.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import { answer, refuse } from '../../kube/bad-server.ts';
import { runCommand, type CommandResult } from '../captured-io.ts';
import { startStoredApi, type Interference, type StoredApi } from '../stored-api.ts';

describe('a printed command', () => {
  it('has the flags that select the cluster, with each program’s names, each as one word', () => {
    const printer = commandPrinter({ context: 'old', kubeconfig: 'my config' });
    const [context, file] = ['--context=old', "'--kubeconfig=my config'"];
    assert.equal(printer.kubectl('get', 'pods'), `kubectl get pods ${context} ${file}`);
    assert.equal(printer.jwtInjector('status'), `jwt-injector status ${context} ${file}`);
    assert.equal(printer.helm('list'), `helm list --kube-context=old ${file}`);
    assert.equal(commandPrinter({}).kubectl('get', 'pods'), 'kubectl get pods');
  });
});

const JWTS = '/apis/tokens.osg-htc.org/v1/namespaces/science/jwts';
const IN_SCIENCE = ['-n', 'science'];
/** The context in the kubeconfig of a stored API. */
const CONTEXT = 'controlplane';

/** Refuses all reads, so that commands say what has to be done. */
const refuseAll: Interference = (_request, response) => {
  refuse(response, 403, 'Forbidden');
  return 'answered';
};

/** An answer of discovery about JWTs. */
function discovering(namespaced: boolean): Interference {
  return ({ path }, response) => {
    if (path !== '/apis/tokens.osg-htc.org/v1') return undefined;
    answer(response, 200, { resources: [{ name: 'jwts', namespaced }] });
    return 'answered';
  };
}

/** The commands in the output; "kubectl apply" in a sentence has no flags. */
function commandsIn({ out, err }: CommandResult): readonly string[] {
  const found = `${out}\n${err}`.matchAll(
    /\b(?:kubectl|jwt-injector|helm) [a-z-]+ (?:'[^']*'|[^\n'"()`&|>;])+/g,
  );
  return [...found].map(([command]) => command).filter((command) => / -\w| --\w/.test(command));
}

describe('each command that is printed for a cluster', () => {
  let api: StoredApi;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-printed-'));
    api = await startStoredApi();
    const finalizers = ['kopf.zalando.org/KopfFinalizerMarker'];
    const inline = { key: { value: 'x' }, resignBefore: { hours: 9 } };
    api.objects.set(`${JWTS}/left`, wireJwt(inline, { metadata: { name: 'left', finalizers } }));
    api.objects.set(`${JWTS}/unsigned`, wireJwt({}, { metadata: { name: 'unsigned' } }));
    api.objects.set('/apis/apps/v1/namespaces/jwt-injector/deployments/jwt-injector', {});
    api.objects.set('/apis/apps/v1/namespaces/operators/deployments/token-manager', {
      metadata: { name: 'token-manager', namespace: 'operators' },
      spec: { replicas: 1 },
    });
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const CALLS: readonly (readonly [Interference | undefined, Command, ...args: readonly string[]])[] = [
    [undefined, certsCommand],
    [undefined, doctorCommand],
    [undefined, explainCommand, 'jwt', 'unsigned', ...IN_SCIENCE],
    [undefined, jwksCommand, 'unsigned', ...IN_SCIENCE],
    [discovering(true), migrateCommand, 'check', '-A'],
    [discovering(false), migrateCommand, 'check', '-A'],
    [discovering(true), migrateCommand, 'clean', '-A'],
    [undefined, renewCommand, 'unsigned', '--timeout', '1ms', ...IN_SCIENCE],
    [refuseAll, renewCommand, 'unsigned', ...IN_SCIENCE],
    [undefined, rotateCommand, 'unsigned', ...IN_SCIENCE],
    [refuseAll, statusCommand, ...IN_SCIENCE],
    [undefined, verifyCommand, 'jwt', 'unsigned', ...IN_SCIENCE],
  ];
  for (const [index, [interference, command, ...args]] of CALLS.entries()) {
    it(`names that cluster (${index + 1}. ${args.join(' ')})`, async () => {
      api.interfere = interference ?? (() => undefined);
      const flags = ['--context', CONTEXT, '--kubeconfig', api.kubeconfig];
      const printed = commandsIn(await runCommand(command, [...args, ...flags]));
      assert.notEqual(printed.length, 0);
      for (const each of printed)
        assert.ok(each.includes(` --context=${CONTEXT} --kubeconfig=${api.kubeconfig}`), each);
    });
  }

  it('names it after keygen --to-cluster, except in the command that needs none', async () => {
    api.interfere = () => undefined;
    const args = ['x', '--issuer', 'https://issuer.example.com', '--to-cluster', '--dir', folder];
    const printed = commandsIn(
      await runCommand(keygenCommand, [...args, '--context', CONTEXT, '--kubeconfig', api.kubeconfig]),
    );
    const own = printed.filter((each) => each.includes(`--context=${CONTEXT}`));
    assert.deepEqual([printed.length, own.length], [3, 2]);
  });
});
