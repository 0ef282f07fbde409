import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { certificatesToPem } from '../../src/certificates/read-certificates.ts';
import {
  planCertificate,
  type CertificateStep,
  type ObservedCertificate,
} from '../../src/certificates/plan-certificate.ts';
import type { OwnTlsSecret } from '../../src/certificates/tls-secret.ts';
import { configuration, DAY, HOUR, HOST, make, NAMESPACE, NOW, stored } from './made.ts';

const first = stored(await make(NOW));
const second = stored(await make(NOW));
const renewed = stored(await make(NOW, first));
const addressed = stored(await make(NOW, first, ['127.0.0.1']));
const bundle = (...secrets: readonly OwnTlsSecret[]): string =>
  secrets.map(({ authorities }) => certificatesToPem(authorities)).join('');
/** The second CA in front of the first one, which signed the certificate in use. */
const rotated: OwnTlsSecret = { ...second, authorities: [...second.authorities, ...first.authorities] };
/** Made by a clock that was three hours ahead. */
const ahead = stored(await make(NOW + 3 * HOUR));
const afterClock: OwnTlsSecret = { ...first, authorities: [...first.authorities, ...ahead.authorities] };

const LONG = { trustedFor: Number.POSITIVE_INFINITY, seenFor: Number.POSITIVE_INFINITY };
/** Trusted since a change that this process saw. */
const seen = (time: number) => ({ trustedFor: time, seenFor: time });

function plan(changed: Partial<ObservedCertificate>): CertificateStep {
  return planCertificate({
    namespace: NAMESPACE,
    secret: first,
    configurations: [configuration(bundle(first))],
    lastTried: first.pair?.cert,
    trust: LONG,
    now: NOW,
    ...changed,
  });
}

const cases: readonly (readonly [string, Partial<ObservedCertificate>, Partial<CertificateStep> & object])[] =
  [
    ['nothing has to be done: it waits, six hours at most', {}, { do: 'wait', for: 6 * HOUR }],
    [
      'it is soon at half of its life',
      { now: NOW + 15 * DAY - HOUR / 2 - 60_000 },
      { do: 'wait', for: 60_000 },
    ],
    [
      'no Secret',
      { secret: { kind: 'absent' } },
      { do: 'issue', signer: undefined, replacedVersion: undefined, hosts: [HOST] },
    ],
    [
      'no Secret, but authorities of ours in the bundles: they stay',
      {
        secret: { kind: 'absent' },
        configurations: [configuration(bundle(first)), configuration(bundle(first))],
      },
      { do: 'issue', signer: undefined },
    ],
    [
      'a foreign Secret',
      { secret: { kind: 'foreign', why: 'has legs' } },
      { do: 'blocked', why: 'it has legs' },
    ],
    ['the certificate is at half of its life', { now: NOW + 15 * DAY }, { do: 'issue', signer: first }],
    [
      'the certificate has expired',
      { now: NOW + 31 * DAY },
      { do: 'issue', signer: first, cause: 'the certificate had expired' },
    ],
    [
      'the authority is at half of its life',
      { now: NOW + 183 * DAY },
      { do: 'issue', signer: undefined, replacedVersion: '1' },
    ],
    ['the authority has expired', { now: NOW + 400 * DAY }, { do: 'issue', signer: undefined, retired: [] }],
    [
      'the clock is behind by a day',
      { now: NOW - DAY },
      { do: 'issue', signer: undefined, cause: 'the authority was not valid yet' },
    ],
    [
      'no key to issue with',
      { secret: { ...first, authorityKey: undefined } },
      { do: 'issue', signer: undefined },
    ],
    ['no pair', { secret: { ...first, pair: undefined } }, { do: 'issue' }],
    [
      'the pair is of an authority that signs no more',
      { secret: { ...rotated, pair: first.pair } },
      { do: 'issue', signer: { ...rotated, pair: first.pair } },
    ],
    [
      'the API server calls us by another name',
      {
        configurations: [
          configuration('', { entries: [{ index: 0, name: 'a', host: '10.0.0.1', caBundle: '' }] }),
        ],
      },
      {
        do: 'issue',
        signer: first,
        hosts: [HOST, '10.0.0.1'],
        cause: 'the certificate was not for 10.0.0.1',
      },
    ],
    [
      'the certificate is for an address alone',
      { secret: addressed },
      { do: 'issue', signer: addressed, cause: `the certificate was not for ${HOST}` },
    ],
    ['an empty bundle', { configurations: [configuration('')] }, { do: 'trust' }],
    [
      'one of two bundles lacks it',
      { configurations: [configuration(bundle(first)), configuration('')] },
      { do: 'trust' },
    ],
    [
      'a bundle that cert-manager keeps',
      { configurations: [configuration('', { injector: 'cert-manager.io/inject-ca-from' })] },
      { do: 'blocked' },
    ],
    [
      'a bundle of others that is too large to be written again',
      { configurations: [configuration('x'.repeat(300_000))] },
      {
        do: 'blocked',
        why:
          'caBundle of pods.tokens.osg-htc.org is longer than 262144 characters: leave there only what is needed, ' +
          'with "jwt-injector certs trust FILE --alone"',
      },
    ],
    ['nothing in use yet', { lastTried: undefined, trust: seen(0) }, { do: 'serve', pair: first.pair! }],
    ['a new pair of the same authority', { secret: renewed }, { do: 'serve', pair: renewed.pair! }],
    ['a pair of a new authority, not trusted yet', { secret: rotated, trust: seen(0) }, { do: 'trust' }],
    [
      'a pair of a new authority, trusted for ten seconds',
      { secret: rotated, configurations: [configuration(bundle(rotated))], trust: seen(10_000) },
      { do: 'wait', for: 20_000 },
    ],
    [
      'a pair of a new authority, trusted long enough',
      { secret: rotated, configurations: [configuration(bundle(rotated))], trust: seen(30_000) },
      { do: 'serve', pair: second.pair! },
    ],
    [
      'what is in use is trusted by nobody: nothing to wait for',
      { secret: second, configurations: [configuration(bundle(second))], trust: seen(0) },
      { do: 'serve', pair: second.pair! },
    ],
    [
      'what is in use is not valid yet: nothing to wait for',
      {
        secret: afterClock,
        configurations: [configuration(bundle(afterClock))],
        lastTried: ahead.pair?.cert,
        trust: seen(0),
      },
      { do: 'serve', pair: first.pair! },
    ],
    [
      'the authority before the current one is a day over',
      {
        secret: rotated,
        configurations: [configuration(bundle(rotated))],
        lastTried: second.pair?.cert,
        now: NOW + DAY,
      },
      { do: 'retire', keep: second.authorities },
    ],
    [
      'the authority before the current one is not a day over',
      {
        secret: rotated,
        configurations: [configuration(bundle(rotated))],
        lastTried: second.pair?.cert,
        now: NOW + 23 * HOUR - 1,
      },
      { do: 'wait', for: 1 },
    ],
  ];

describe('the next step for the certificate:', () => {
  for (const [title, changed, expected] of cases) {
    it(title, () => {
      const step = plan(changed);
      assert.deepEqual({ ...step, ...expected }, step, JSON.stringify(step, undefined, 1).slice(0, 2_000));
    });
  }

  it('a CA of ours with which a replica could still serve stays trusted, up to the newest three', async () => {
    const many = await Promise.all([1, 2, 3, 4].map((hour) => make(NOW - hour * HOUR).then(stored)));
    const step = plan({
      secret: { kind: 'absent' },
      configurations: [configuration(bundle(first, ...many))],
    });
    assert.ok(step.do === 'issue');
    const expected = [first, ...many.slice(0, 2)].flatMap(({ authorities }) => authorities);
    assert.equal(certificatesToPem(step.retired), certificatesToPem(expected));
  });
});
