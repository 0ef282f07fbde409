import { X509Certificate } from 'node:crypto';
import { findIssuer } from '../../src/certificates/ca-bundle.ts';
import { readCertificates } from '../../src/certificates/read-certificates.ts';
import { readTlsSecret, type TlsSecret, type TlsSecretData } from '../../src/certificates/tls-secret.ts';
import type { WebhookConfiguration } from '../../src/certificates/webhook-configuration.ts';
import { configuration, NAMESPACE, wireSecret } from '../certificates/made.ts';
import type { VirtualClock } from '../time/virtual-clock.ts';

/** The time after which an API server uses a changed configuration. */
const API_SERVER_LAG_MS = 20_000;

/**
 * One Secret and two configurations as the API server stores them: a write must name the version that it
 * replaces.
 */
export class StoredCertificate {
  data: Partial<TlsSecretData> | undefined;
  foreign = false;
  bundles = ['', ''];
  version = 1;
  refusal: Error | undefined;
  readonly #clock: VirtualClock;
  readonly #listeners = new Set<() => void>();
  /** The bundles that the slowest API server trusts: an earlier state. */
  known = ['', ''];

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  change(action: () => void): void {
    action();
    this.version += 1;
    const bundles = [...this.bundles];
    this.#clock.setTimer(API_SERVER_LAG_MS, () => (this.known = bundles));
    for (const notify of this.#listeners) notify();
  }

  store() {
    const request = async (over: string | undefined, action: () => void): Promise<boolean> => {
      await this.#clock.sleep(10);
      if (this.refusal !== undefined) throw this.refusal;
      if (over !== `${this.version}`) return false;
      this.change(action);
      return true;
    };
    return {
      secret: (): TlsSecret => {
        if (this.foreign) return { kind: 'foreign', why: 'has the type kubernetes.io/tls' };
        if (this.data === undefined) return { kind: 'absent' };
        return readTlsSecret(wireSecret(this.data, `${this.version}`), NAMESPACE);
      },
      configurations: (): readonly WebhookConfiguration[] =>
        this.bundles.map((bundle, index) =>
          configuration(bundle, {
            kind: index === 0 ? 'mutating' : 'validating',
            resourceVersion: `${this.version}`,
          }),
        ),
      problem: () => undefined,
      subscribe: (listener: () => void) => void this.#listeners.add(listener),
      writeSecret: (data: Partial<TlsSecretData>, over: string | undefined) =>
        request(this.data === undefined && over === undefined ? `${this.version}` : over, () => {
          this.data = { ...this.data, ...data };
        }),
      writeBundles: (
        { kind, resourceVersion }: WebhookConfiguration,
        [change]: readonly { caBundle: string }[],
      ) =>
        request(resourceVersion, () => {
          this.bundles[kind === 'mutating' ? 0 : 1] = change?.caBundle ?? '';
        }),
    };
  }
}

/**
 * Caches the results: the same texts are checked at every step of the clock, and to parse them takes a
 * millisecond.
 */
function once<T>(ask: (...texts: readonly string[]) => T): (...texts: readonly string[]) => T {
  const known = new Map<string, T>();
  return (...texts) => {
    const key = texts.join('\0');
    const found = known.get(key) ?? ask(...texts);
    known.set(key, found);
    return found;
  };
}

/** Whether a client with this bundle accepts the certificate. */
export const isTrusted = once((leaf = '', bundle = ''): boolean => {
  return findIssuer(new X509Certificate(leaf), readCertificates(bundle)) !== undefined;
});
export const validityOf = once((leaf = '') => {
  const { validFromDate, validToDate } = new X509Certificate(leaf);
  return { validFrom: validFromDate.getTime(), expiresAt: validToDate.getTime() };
});
