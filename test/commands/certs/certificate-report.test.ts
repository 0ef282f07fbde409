import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { describeCertificates } from '../../../src/commands/certs/certificate-lines.ts';
import { reportCertificates } from '../../../src/commands/certs/certificate-report.ts';
import type { InstallationSnapshot } from '../../../src/commands/doctor/installation-snapshot.ts';
import { make, DAY } from '../../certificates/made.ts';
import { entry, NOW } from '../doctor/fault.ts';
import { FORBIDDEN, wellInstallation } from '../doctor/well-installation.ts';

const print = (snapshot: InstallationSnapshot): string =>
  describeCertificates(reportCertificates(snapshot), (_style, text) => text).join('\n');

describe('certs', () => {
  let well: InstallationSnapshot;
  before(async () => {
    well = await wellInstallation(NOW);
  });

  it('shows the served certificate, its issuer, its expiry, and when it is renewed', () => {
    const { certificates, entries, findings } = reportCertificates(well);
    assert.deepEqual(
      certificates.map(({ places }) => places),
      [
        ['Secret jwt-injector/jwt-injector-tls tls.crt'],
        ['Secret jwt-injector/jwt-injector-tls ca.crt', ...entries.map(({ name }) => `caBundle of ${name}`)],
      ],
    );
    const [leaf, authority] = certificates;
    assert.match(leaf?.names ?? '', /DNS:jwt-injector\.jwt-injector\.svc/);
    assert.equal(leaf?.issuer, authority?.subject);
    assert.equal(authority?.issuer, 'itself');
    const days = (from: string | undefined, until: string | undefined): number =>
      (Date.parse(until ?? '') - Date.parse(from ?? '')) / DAY;
    assert.ok(Math.abs(days(leaf?.validFrom, leaf?.expiresAt) - 30) < 0.1);
    assert.ok(Math.abs(days(leaf?.validFrom, leaf?.renewsAt) - 15) < 0.1);
    assert.ok(entries.length === 5 && entries.every(({ problem }) => problem === undefined));
    assert.deepEqual(new Set(findings.map(({ result }) => result)), new Set(['ok']));
    const text = print(well);
    assert.match(
      text,
      /^Certificate of jwt-injector in namespace jwt-injector: jwt-injector issues and renews it$/m,
    );
    assert.match(text, /^ {2}valid until +\d{4}-\S+ \S+ UTC, in /m);
    assert.match(text, /^trusts +pods\.tokens\.osg-htc\.org$/m);
    assert.doesNotMatch(text, /PRIVATE/);
  });

  it('names the entry that does not trust the served certificate, with the remedy', async () => {
    const snapshot = { ...well, mutating: structuredClone(well.mutating) };
    const { 'ca.crt': other } = await make(NOW);
    entry(snapshot, 2).clientConfig.caBundle = Buffer.from(other).toString('base64');
    const { entries, findings, certificates } = reportCertificates(snapshot);
    assert.deepEqual(
      entries.filter(({ problem }) => problem !== undefined).map(({ name }) => name),
      ['ephemeral.tokens.osg-htc.org'],
    );
    assert.ok(findings.some(({ result, remedy }) => result === 'problem' && remedy !== undefined));
    assert.equal(certificates.length, 3);
    assert.equal(certificates[2]?.renewsAt, undefined);
    assert.match(print(snapshot), /^DOES NOT TRUST +ephemeral\.tokens\.osg-htc\.org +does not trust/m);
  });

  it('shows the bundles to a user who is not allowed to read the Secret', () => {
    const { certificates, findings } = reportCertificates({
      ...well,
      tls: { ...well.tls, secret: FORBIDDEN },
    });
    assert.equal(certificates.length, 1);
    assert.deepEqual(
      findings.map(({ check, result }) => `${check} ${result}`),
      ['certificate unknown', 'ca-bundle unknown'],
    );
  });
});
