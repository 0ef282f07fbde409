import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { count, emptyCensus } from '../../../src/commands/doctor/jwt-census.ts';
import { findFaults } from '../../../src/commands/doctor/checks.ts';
import type { InstallationSnapshot } from '../../../src/commands/doctor/installation-snapshot.ts';
import { makeLink } from '../../certificates/made-chain.ts';
import { DAY, HOST } from '../../certificates/made.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import { NOW, wire } from './fault.ts';
import { FAULTS_IN_EFFECT, FAULTS_OF_CLUSTER } from './faults-of-cluster.ts';
import { FAULTS_OF_WEBHOOKS } from './faults-of-webhooks.ts';
import { ABSENT, FORBIDDEN, found, wellInstallation } from './well-installation.ts';

const FAULTS = [...FAULTS_OF_CLUSTER, ...FAULTS_OF_WEBHOOKS, ...FAULTS_IN_EFFECT];

/** Effects of the planted fault that are reported as well. */
const FOLLOWS: Readonly<Record<string, readonly string[]>> = { certificate: ['ca-bundle'] };

describe('doctor', () => {
  let text: InstallationSnapshot;
  before(async () => {
    text = await wellInstallation(NOW);
  });
  const well = (): InstallationSnapshot => ({ ...text, ...cloneObjects(text) });

  it('finds nothing in the shipped installation', () => {
    const findings = findFaults(well());
    assert.deepEqual(
      findings.filter(({ result }) => result !== 'ok'),
      [],
    );
    assert.equal(new Set(findings.map(({ check }) => check)).size, 18);
  });

  it('finds nothing in an installation for some namespaces, which has no default by label', () => {
    const snapshot = well();
    const { webhooks } = wire(snapshot.mutating);
    webhooks.splice(1, 1);
    for (const { namespaceSelector } of webhooks)
      namespaceSelector.matchExpressions.push({
        key: 'kubernetes.io/metadata.name',
        operator: 'In',
        values: ['science'],
      });
    assert.deepEqual(
      findFaults(snapshot).filter(({ result }) => result !== 'ok'),
      [],
    );
  });

  it('prints commands that look for keys without a namespace where the service does', () => {
    const remediesWith = (change: (snapshot: InstallationSnapshot) => InstallationSnapshot) => {
      const snapshot = change(well());
      const census = emptyCensus(undefined);
      const condition = { type: 'Ready', status: 'False', reason: 'KeyNotFound', message: 'no key' };
      count(census, wireJwt({}, { status: { conditions: [condition] } }), NOW);
      const old = { namespace: 'old', name: 'token-manager', replicas: 0, release: undefined };
      const findings = findFaults({ ...snapshot, jwts: found(census), oldDeployments: found([old]) });
      return findings.flatMap(({ remedy = '' }) => (remedy.startsWith('jwt-injector') ? [remedy] : []));
    };
    const commands = ['jwt-injector explain jwt my-jwt -n science', 'jwt-injector migrate check -A'];
    const withFlag = commands.map((command) => `${command} --legacy-key-namespace=keys`);
    const addFlag = (deployment: unknown, flag: string): void =>
      wire(deployment).spec.template.spec.containers[0].args.push(flag);
    assert.deepEqual(
      remediesWith((snapshot) => snapshot),
      commands,
    );
    const together = (flag: string) => (snapshot: InstallationSnapshot) => {
      addFlag(snapshot.deployment, flag);
      return snapshot;
    };
    assert.deepEqual(remediesWith(together('--legacy-key-namespace=keys')), withFlag);
    for (const unusable of ['Bad_Name', '$(KEYS)', ''])
      assert.deepEqual(remediesWith(together(`--legacy-key-namespace=${unusable}`)), commands);
    const separate = (snapshot: InstallationSnapshot): InstallationSnapshot => {
      const controller = structuredClone(snapshot.deployment);
      addFlag(controller, '--legacy-key-namespace=keys');
      return { ...snapshot, controller };
    };
    assert.deepEqual(remediesWith(separate), withFlag);
  });

  it('does not know the version of an image whose tag is another word', () => {
    for (const [tag, result] of [
      ['main-4f2c', 'unknown'],
      ['2026.1', 'unknown'],
      ['stable', 'unknown'],
      ['v9.0.0', 'problem'],
      ['9.0.0-rc.1', 'problem'],
    ] as const) {
      const snapshot = well();
      for (const container of wire(snapshot.deployment).spec.template.spec.containers)
        container.image = `jwt-injector:${tag}`;
      const version = findFaults(snapshot).find(({ check }) => check === 'version');
      assert.equal(version?.result, result, tag);
    }
  });

  it('counts no JWT of a namespace that is not served among those without a problem', () => {
    const census = emptyCensus(undefined, ['science']);
    count(census, wireJwt({}, { metadata: { namespace: 'elsewhere' } }), NOW);
    const messages = findFaults({ ...well(), jwts: found(census) })
      .filter(({ check }) => check === 'jwts')
      .map(({ message }) => message);
    assert.equal(messages[0], '0 JWTs to serve in all namespaces, none has a problem');
  });

  it('finds nothing where an intermediate issued the certificate, and caBundle holds its authority', async () => {
    const snapshot = well();
    const dates = { from: NOW - DAY, until: NOW + 9 * DAY };
    const root = await makeLink('root', dates);
    const between = await makeLink('between', { ...dates, by: root });
    const leaf = await makeLink('leaf', { ...dates, by: between, host: HOST });
    for (const configuration of [snapshot.mutating, snapshot.validating])
      for (const { clientConfig } of wire(configuration).webhooks)
        clientConfig.caBundle = Buffer.from(root.pem).toString('base64');
    const chain = [leaf.certificate, between.certificate];
    const secret = found({ chain, keyFits: true, authorities: [] });
    const planted = { ...snapshot, tls: { ...snapshot.tls, secret } };
    assert.deepEqual(
      findFaults(planted).filter(({ result }) => result !== 'ok'),
      [],
    );
  });

  it('requires the entry for the default by label, unless the Deployment switches it off or cannot be read', () => {
    const snapshot = well();
    wire(snapshot.mutating).webhooks.splice(1, 1);
    const problems = (among: InstallationSnapshot) =>
      findFaults(among).filter(({ check, result }) => check === 'pod-webhooks' && result === 'problem');
    assert.match(problems(snapshot)[0]?.message ?? '', /namespace-default\.\S+ is missing/);
    assert.deepEqual(problems({ ...snapshot, deployment: FORBIDDEN }), []);
    wire(snapshot.deployment).spec.template.spec.containers[0].args.push('--no-namespace-default');
    assert.deepEqual(problems(snapshot), []);
  });

  it('names the namespace if another one was given', () => {
    const findings = findFaults({ ...well(), wrongNamespace: 'science' });
    assert.deepEqual(
      findings.filter(({ result }) => result !== 'ok'),
      [
        {
          check: 'installation',
          result: 'problem',
          message:
            'jwt-injector is in namespace jwt-injector, and not in science: what follows is about jwt-injector',
          remedy: 'leave out -n, which is not the namespace of your JWTs here: jwt-injector doctor',
        },
      ],
    );
  });

  it('says of a cluster without jwt-injector only that', () => {
    const empty = { deployment: ABSENT, service: ABSENT, mutating: ABSENT, validating: ABSENT, crd: ABSENT };
    const problems = findFaults({ ...well(), ...empty, lease: ABSENT }).filter(
      ({ result }) => result !== 'ok',
    );
    assert.deepEqual(
      problems.map(({ message }) => message),
      ['jwt-injector is not in namespace jwt-injector, and no webhook configuration names another one'],
    );
  });

  it('looks at an installation of which only the controller is there', () => {
    const empty = { deployment: ABSENT, service: ABSENT, mutating: ABSENT, validating: ABSENT };
    const controller = { state: 'found', value: {} } as const;
    const findings = findFaults({ ...well(), ...empty, controller });
    assert.ok(findings.some(({ check, result }) => check === 'pod-webhooks' && result === 'problem'));
    assert.ok(findings.every(({ check }) => check !== 'installation'));
  });

  it('knows more than thirty faults', () => assert.ok(FAULTS.length > 30));

  for (const [fault, change, check, says] of FAULTS) {
    it(`names ${fault}, with what helps`, async () => {
      const snapshot = well();
      const planted = { ...snapshot, ...(await change(snapshot)) };
      const problems = findFaults(planted).filter(({ result }) => result === 'problem');
      const own = problems.filter((finding) => finding.check === check);
      assert.ok(
        own.some(({ message }) => says.test(message)),
        JSON.stringify(problems),
      );
      for (const { remedy } of problems) assert.ok(remedy !== undefined && remedy !== '');
      const others = problems.filter(
        ({ check: name }) => name !== check && FOLLOWS[check]?.includes(name) !== true,
      );
      assert.deepEqual(others, []);
    });
  }

  it('does not report a failure if the user is not allowed to read', () => {
    const hidden = Object.fromEntries(
      Object.entries(well()).map(([name, part]) => [name, isLook(part) ? FORBIDDEN : part]),
    ) as unknown as InstallationSnapshot;
    const findings = findFaults({ ...hidden, tls: { ...hidden.tls, secret: FORBIDDEN } });
    assert.deepEqual(
      findings.filter(({ result }) => result === 'problem'),
      [],
    );
    assert.ok(findings.filter(({ result }) => result === 'unknown').length > 10);
  });
});

function isLook(part: unknown): boolean {
  return typeof part === 'object' && part !== null && 'state' in part;
}

/** Copies of the objects, for a test to change; certificates cannot be copied. */
function cloneObjects({
  crd,
  deployment,
  service,
  lease,
  editRole,
  mutating,
  validating,
}: InstallationSnapshot) {
  return structuredClone({ crd, deployment, service, lease, editRole, mutating, validating });
}
