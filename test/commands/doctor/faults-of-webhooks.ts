import { X509Certificate } from 'node:crypto';
import type { InstallationSnapshot } from '../../../src/commands/doctor/installation-snapshot.ts';
import { makeLink } from '../../certificates/made-chain.ts';
import { DAY, make } from '../../certificates/made.ts';
import { pairOfCurve } from '../../certificates/openssl-pair.ts';
import { entry, NOW, wire, type Fault } from './fault.ts';
import { ABSENT, found } from './well-installation.ts';

const issued = async (at: number, host?: string): Promise<Partial<InstallationSnapshot>> => {
  const pair = await make(at, undefined, host === undefined ? undefined : [host]);
  const secret = { chain: [new X509Certificate(pair['tls.crt'])], keyFits: true, authorities: [] };
  return { tls: { name: 'jwt-injector-tls', source: 'self', secret: found(secret) } };
};

/** Faults of the certificate, of the clients' trust in it, and of what the API server sends. */
export const FAULTS_OF_WEBHOOKS: readonly Fault[] = [
  [
    'no Secret of the certificate',
    ({ tls: well }) => ({ tls: { ...well, secret: ABSENT } }),
    'certificate',
    /there is no certificate in Secret/,
  ],
  [
    'no certificate in it',
    ({ tls: well }) => ({ tls: { ...well, secret: found({ chain: [], keyFits: false, authorities: [] }) } }),
    'certificate',
    /not a certificate/,
  ],
  [
    'a key that does not fit',
    ({ tls: well }) => ({ tls: { ...well, secret: found({ ...wire(well.secret), keyFits: false }) } }),
    'certificate',
    /not the private key/,
  ],
  ['an expired certificate', () => issued(NOW - 40 * DAY), 'certificate', /expired at/],
  [
    'one that should have been renewed',
    () => issued(NOW - 25 * DAY),
    'certificate',
    /should have been renewed/,
  ],
  [
    'one whose intermediate has expired',
    async () => {
      const root = await makeLink('root', { from: NOW, until: NOW + DAY });
      const between = await makeLink('between', { by: root, from: NOW - 2 * DAY, until: NOW - DAY });
      const leaf = await makeLink('leaf', { by: between, from: NOW - DAY, until: NOW + DAY });
      const chain = [leaf.certificate, between.certificate];
      const secret = { chain, keyFits: true, authorities: [] };
      return { tls: { name: 'jwt-injector-tls', source: 'files', secret: found(secret) } };
    },
    'certificate',
    /the intermediate CN=between of the certificate in Secret .* expired at/,
  ],
  [
    'one that Go’s TLS refuses',
    async () => {
      const chain = [new X509Certificate((await pairOfCurve('secp256k1')).cert)];
      const secret = { chain, keyFits: true, authorities: [] };
      return { tls: { name: 'jwt-injector-tls', source: 'files', secret: found(secret) } };
    },
    'certificate',
    /is of no use: its key is of the curve secp256k1/,
  ],
  ['one that is not valid yet', () => issued(NOW + DAY), 'certificate', /not valid yet/],
  [
    'one for another name',
    () => issued(NOW, 'example.com'),
    'certificate',
    /not for jwt-injector\.jwt-injector\.svc/,
  ],
  ['a caBundle of another authority', () => issued(NOW), 'ca-bundle', /pods\..* does not trust/],
  [
    'an empty caBundle',
    (well) => void delete entry(well, 2).clientConfig.caBundle,
    'ca-bundle',
    /ephemeral\..* is empty/,
  ],
  [
    'a caBundle that is not a certificate',
    (well) => void (entry(well).clientConfig.caBundle = 'eA=='),
    'ca-bundle',
    /holds no certificate/,
  ],
  [
    'a caBundle whose authorities have expired, or are not valid yet',
    async (well) => {
      const authorities = await Promise.all([NOW - 400 * DAY, NOW + DAY].map((at) => make(at)));
      const pem = authorities.map((authority) => authority['ca.crt']).join('');
      entry(well).clientConfig.caBundle = Buffer.from(pem).toString('base64');
      return {};
    },
    'ca-bundle',
    /pods\..* holds no certificate that is valid now/,
  ],
  ['no mutating configuration', () => ({ mutating: ABSENT }), 'pod-webhooks', /no pod gets its token/],
  [
    'no validating configuration',
    () => ({ validating: ABSENT }),
    'jwt-webhook',
    /there is no ValidatingWebhookConfiguration/,
  ],
  [
    'an entry that is missing',
    ({ mutating }) => void wire(mutating).webhooks.splice(3, 1),
    'pod-webhooks',
    /workloads\.\S+ is missing/,
  ],
  [
    'entries in another order',
    ({ mutating }) => void wire(mutating).webhooks.push(wire(mutating).webhooks.shift()),
    'pod-webhooks',
    /not in their order/,
  ],
  [
    'failurePolicy Ignore',
    (well) => void (entry(well).failurePolicy = 'Ignore'),
    'pod-webhooks',
    /pods\..*failurePolicy is Ignore, and not Fail: pods start without/,
  ],
  [
    'failurePolicy Fail for debugging',
    (well) => void (entry(well, 2).failurePolicy = 'Fail'),
    'pod-webhooks',
    /ephemeral\..*failurePolicy is Fail/,
  ],
  [
    'another path',
    (well) => void (entry(well).clientConfig.service.path = '/mutate'),
    'pod-webhooks',
    /calls the path \/mutate, and not \/mutate\/pods/,
  ],
  [
    'another port',
    (well) => void (entry(well).clientConfig.service.port = 8443),
    'pod-webhooks',
    /the port 8443/,
  ],
  [
    'another Service',
    (well) => void (entry(well).clientConfig.service.name = 'other'),
    'pod-webhooks',
    /Service jwt-injector\/other/,
  ],
  [
    'a url without a path',
    (well) => {
      const { caBundle } = entry(well).clientConfig;
      entry(well).clientConfig = { url: 'https://jwt-injector.jwt-injector.svc', caBundle };
    },
    'pod-webhooks',
    /its url has the path \//,
  ],
  [
    'no selector of namespaces',
    (well) => void delete entry(well).namespaceSelector,
    'pod-webhooks',
    /leave out kube-system and jwt-injector/,
  ],
  [
    'a default for all namespaces',
    (well) => void entry(well, 1).namespaceSelector.matchExpressions.splice(1),
    'pod-webhooks',
    /lacks "tokens.osg-htc.org\/token Exists"/,
  ],
  [
    'a selector of pods',
    (well) => void (entry(well).objectSelector = { matchLabels: { a: 'b' } }),
    'pod-webhooks',
    /objectSelector/,
  ],
  [
    'a condition that is missing',
    (well) => void entry(well).matchConditions.shift(),
    'pod-webhooks',
    /has-an-annotation-of-ours is missing/,
  ],
  [
    'a condition that was changed',
    (well) => void (entry(well).matchConditions[1].expression = 'true'),
    'pod-webhooks',
    /not-opted-out is not that of this version/,
  ],
  [
    'a condition that was added',
    (well) => void entry(well).matchConditions.push({ name: 'more', expression: 'false' }),
    'pod-webhooks',
    /a matchCondition more/,
  ],
  [
    'rules that send too little',
    (well) => void entry(well, 3).rules.pop(),
    'pod-webhooks',
    /do not send CREATE batch\/jobs/,
  ],
  [
    'rules that send too much',
    (well) => void entry(well).rules[0].operations.push('DELETE'),
    'pod-webhooks',
    /send DELETE \/pods/,
  ],
  [
    'containers of later webhooks',
    (well) => void (entry(well).reinvocationPolicy = 'Never'),
    'pod-webhooks',
    /reinvocationPolicy is Never/,
  ],
  ['a short timeout', (well) => void (entry(well).timeoutSeconds = 1), 'pod-webhooks', /timeoutSeconds is 1/],
  [
    'versions that pass by',
    (well) => void (entry(well).matchPolicy = 'Exact'),
    'pod-webhooks',
    /matchPolicy is Exact/,
  ],
];
