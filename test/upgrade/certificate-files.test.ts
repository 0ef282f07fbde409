import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readsCertificateFiles } from './certificate-files.ts';

const deploymentOf = (...args: readonly string[]) => ({
  kind: 'Deployment',
  spec: { template: { spec: { containers: [{ name: 'jwt-injector', args }] } } },
});

describe('a version of the history', () => {
  for (const [title, manifests, expected] of [
    ['reads files', [{ kind: 'Service' }, deploymentOf('run', '--tls-cert-file=/tls/tls.crt')], true],
    ['issues its certificate itself', [{ kind: 'Service' }, deploymentOf('run')], false],
  ] as const) {
    it(title, () => assert.equal(readsCertificateFiles(manifests), expected));
  }
});
