import type { X509Certificate } from 'node:crypto';
import { findIssuer, isAmong } from '../../certificates/ca-bundle.ts';
import { isValidAt, readCertificates } from '../../certificates/read-certificates.ts';
import { whyClientsRefuse } from '../../certificates/refused-by-clients.ts';
import { intermediatesOf, validityOfChain } from '../../certificates/serving-chain.ts';
import { isAddress, readConfiguration, type WebhookEntry } from '../../certificates/webhook-configuration.ts';
import { ageOfCertificate } from '../../server/certificate-age.ts';
import { formatTime } from '../../time/format-time.ts';
import { toSeconds, type Milliseconds } from '../../time/units.ts';
import { findCertificateConfig } from './deployment-flags.ts';
import { judge, problem, unknown, well, wellUnless, type Judgement } from './finding.ts';
import { foundValue } from '../cluster/read-result.ts';
import { readLogs } from './remedies.ts';
import type { CertificateSnapshot } from './certificate-snapshot.ts';

/** The certificate in the Secret: whether the API server could take it. */
export function checkServing(snapshot: CertificateSnapshot): readonly Judgement[] {
  const { tls, namespace, now } = snapshot;
  const deployment = foundValue(snapshot.deployment);
  const config = deployment === undefined ? undefined : findCertificateConfig(deployment);
  if (config?.ok === false) return [config.problem];
  const where = `Secret ${namespace}/${tls.name}`;
  const remedy = renewalOf(snapshot);
  const absent =
    tls.source === undefined
      ? unknown(`there is no certificate in ${where}, and no Deployment that says where it comes from`)
      : problem(`there is no certificate in ${where}: no webhook can answer`, remedy);
  return judge(tls.secret, absent, ({ chain, keyFits }) => {
    const [leaf] = chain;
    if (leaf === undefined) return [problem(`tls.crt of ${where} is not a certificate`, remedy)];
    const intermediates = intermediatesOf(leaf, chain);
    const validity = validityOfChain(leaf, intermediates);
    const until = formatTime(toSeconds(validity.expiresAt));
    const what =
      validity.firstToExpire === undefined
        ? 'the certificate'
        : `the intermediate ${validity.firstToExpire} of the certificate`;
    const why = whyClientsRefuse(leaf, chain.slice(1));
    const refused = `the API server refuses it, and with it every annotated pod`;
    const host = `jwt-injector.${namespace}.svc`;
    const problems = [
      ...(why === undefined ? [] : [problem(`the certificate in ${where} is of no use: ${why}`, remedy)]),
      ...(keyFits ? [] : [problem(`tls.key of ${where} is not the private key of tls.crt`, remedy)]),
      ...{
        expired: [problem(`${what} in ${where} expired at ${until}: ${refused}`, remedy)],
        early: [problem(`the certificate in ${where} is not valid yet: ${refused}`, 'compare the clocks')],
        late: [problem(`${what} in ${where} expires at ${until}, and should have been renewed`, remedy)],
        fresh: [],
      }[ageOfCertificate(validity, now)],
      ...(isCalledByService(snapshot) && leaf.checkHost(host) === undefined
        ? [problem(`the certificate in ${where} is not for ${host}: ${refused}`, remedy)]
        : []),
    ];
    return wellUnless(problems, `the certificate in ${where} is valid until ${until}`);
  });
}

/** Compares the trust of the API server, entry by entry, with the certificate that is served. */
export function checkBundles(snapshot: CertificateSnapshot): readonly Judgement[] {
  const entries = listEntries(snapshot);
  if (entries.length === 0) return [unknown('no webhook configuration could be read')];
  const chain = foundValue(snapshot.tls.secret)?.chain ?? [];
  const problems = entries.flatMap((entry) => {
    const why = distrust(entry, chain, snapshot.now);
    return why === undefined ? [] : [problem(`caBundle of ${entry.name} ${why}`, renewalOf(snapshot))];
  });
  if (problems.length > 0) return problems;
  return [
    chain.length === 0
      ? unknown('every caBundle holds a valid certificate; what is served is not known')
      : well(`every caBundle trusts the certificate of Secret ${snapshot.tls.name}`),
  ];
}

/** The entries of both configurations, as far as they could be read. */
export function listEntries({ mutating, validating }: CertificateSnapshot): readonly WebhookEntry[] {
  const [first, second] = [foundValue(mutating), foundValue(validating)];
  return [
    ...(first === undefined ? [] : readConfiguration(first, 'mutating').entries),
    ...(second === undefined ? [] : readConfiguration(second, 'validating').entries),
  ];
}

/**
 * Why the API server refuses what is served, to follow "caBundle of …"; `undefined` if it does not. `chain` is the served file:
 * an authority may have issued the first certificate, or an intermediate behind it.
 */
export function distrust(
  { caBundle, host }: WebhookEntry,
  chain: readonly X509Certificate[],
  now: Milliseconds,
): string | undefined {
  if (caBundle === '') return 'is empty, so the API server trusts no certificate';
  const authorities = readCertificates(caBundle);
  if (authorities.length === 0) return 'holds no certificate';
  const valid = authorities.filter((authority) => isValidAt(authority, now));
  if (valid.length === 0) return 'holds no certificate that is valid now';
  const [leaf] = chain;
  if (leaf === undefined) return undefined;
  const served = [leaf, ...intermediatesOf(leaf, chain)];
  if (!served.some((one) => isAmong(one, valid) || findIssuer(one, valid) !== undefined))
    return 'does not trust the certificate that is served: another authority issued it';
  // Another check says whether the certificate is for the Service.
  if (host === undefined || host.endsWith('.svc')) return undefined;
  const name = isAddress(host) ? leaf.checkIP(host) : leaf.checkHost(host);
  return name === undefined
    ? `belongs to the host ${host}, and the certificate is for other names`
    : undefined;
}

function isCalledByService(snapshot: CertificateSnapshot): boolean {
  return listEntries(snapshot).some(({ host }) => host?.endsWith('.svc') === true);
}

/** Says who renews it, and how to ask for that. */
function renewalOf(snapshot: CertificateSnapshot): string {
  const { tls, namespace, printer, mutating } = snapshot;
  const { source, name } = tls;
  const configuration = foundValue(mutating);
  const injector =
    configuration === undefined ? undefined : readConfiguration(configuration, 'mutating').injector;
  if (injector !== undefined)
    return `${printer.kubectl('describe', 'certificates', '-n', namespace)}: cert-manager renews it`;
  return source === 'files'
    ? `put a new pair into Secret ${name}, and its authority into caBundle (docs/certificates.md)`
    : `jwt-injector renews it and sets caBundle itself; why it does not: ${readLogs(snapshot)}`;
}
