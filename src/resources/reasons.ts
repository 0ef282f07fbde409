/** Why a JWT is in the state it is in: the reasons of conditions and events, and a label of metrics. */
export const STATE_REASONS = [
  'Signed',
  'LegacyToken',
  'SecretConflict',
  'KeyNotFound',
  'KeyNotGranted',
  'KeyUnreadable',
  'KeyMismatch',
  'KeyTooShort',
  'KeyIdReused',
  'RenewalClamped',
  'RenewalOverdue',
  'ClaimsInvalid',
  'PolicyDenied',
  'WriteFailed',
  'WriteRefused',
  'Contended',
  'IssuerMismatch',
] as const;
/** One word of `STATE_REASONS`. */
export type StateReason = (typeof STATE_REASONS)[number];

/**
 * Why a token was signed.
 *
 * @internal
 */
export const SIGNATURE_CAUSES = [
  'SecretMissing',
  'TokenMissing',
  'TokenUnreadable',
  'Expired',
  'HeaderMismatch',
  'SignatureInvalid',
  'ClaimsMismatch',
  'KeyChanged',
  'RenewRequested',
  'RenewalDue',
] as const;
/** One word of `SIGNATURE_CAUSES`. */
export type SignatureCause = (typeof SIGNATURE_CAUSES)[number];

/**
 * The possible results of an admission review.
 *
 * @internal
 */
export const ADMISSION_DECISIONS = ['skip', 'inject', 'deny'] as const;
/** One word of `ADMISSION_DECISIONS`. */
export type AdmissionDecision = (typeof ADMISSION_DECISIONS)[number];

/**
 * Why it led to that: one per decision, the same word in metric, log line, audit annotation and docs.
 *
 * @internal
 */
export const ADMISSION_REASONS = [
  'NotRequested',
  'OptedOut',
  'AlreadyInjected',
  'NoContainers',
  'Injected',
  'InvalidAnnotation',
  'MountPathTaken',
  'VolumeNameTaken',
  'WindowsPod',
  'TooLarge',
  'InternalError',
] as const;
/** One word of `ADMISSION_REASONS`. */
export type AdmissionReason = (typeof ADMISSION_REASONS)[number];
