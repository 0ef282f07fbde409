import { SETTLING_MS } from '../certificates/lifetimes.ts';
import type { CertificateStep, ObservedCertificate } from '../certificates/plan-certificate.ts';

/** The use of the Secret by API servers and by this replica. */
interface PairInUse {
  /** All bundles trust the authority that signs. */
  readonly isTrusted: boolean;
  /** A pair of the Secret is in use. */
  readonly isServed: boolean;
}

/** Why no trusted certificate is served yet, for `/readyz`. Once one was, that is over: replicas do not turn unready later. */
export class CertificateReadiness {
  /** `namespace/name`. */
  readonly #secret: string;
  #isListed = false;
  #isOver = false;
  #waitsFor = 'the Secret and the webhook configurations were not listed yet';
  /** Why the last step failed, in the words of the API server. */
  #failure: string | undefined;

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** `listProblem`: why something could not be listed, of interest only until all was. */
  missing(listProblem: () => string | undefined): string | undefined {
    if (this.#isOver) return undefined;
    const problem = this.#isListed ? undefined : listProblem();
    return this.#failure ?? (problem === undefined ? this.#waitsFor : `${this.#waitsFor} (${problem})`);
  }

  /** Takes the observed state, and the step that follows from it. */
  update(observed: ObservedCertificate, step: CertificateStep, { isTrusted, isServed }: PairInUse): void {
    this.#isListed = true;
    const isKnown = isTrusted && observed.trust.trustedFor >= SETTLING_MS;
    this.#isOver ||= isKnown && isServed;
    if (step.do === 'blocked') this.#waitsFor = `Secret ${this.#secret}: ${step.why}`;
    else if (observed.secret.kind === 'absent') this.#waitsFor = 'the certificate is being issued';
    else if (!isTrusted) this.#waitsFor = 'the caBundle of the webhook configurations lacks its CA';
    else if (!isKnown) this.#waitsFor = 'its CA is new in caBundle, and some API server may not know it yet';
  }

  /** TLS does not take the pair. */
  refuse(problem: string): void {
    this.#waitsFor = problem;
  }

  /** How the last step ended; `undefined`: well. */
  end(failure: string | undefined): void {
    this.#failure = failure;
  }
}
