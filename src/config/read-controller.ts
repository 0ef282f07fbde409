import { parseGoDuration } from '../time/format-time.ts';
import { HOUR_MS, type Milliseconds } from '../time/units.ts';
import type { Settings } from './settings.ts';
import { parseCount, parseNamespace } from './values.ts';

/** Settings of the reconcile half. */
export interface ControllerConfig {
  /** JWTs worked on at once, and so writes in flight. */
  readonly workers: number;
  /** Namespace meant when a JWT names a key Secret without one; `undefined` = the JWT's own. */
  readonly legacyKeyNamespace: string | undefined;
  /** Whether pods are nudged when their Secret is renewed. */
  readonly promptDelivery: boolean;
  /** Leader election; durations as in client-go. */
  readonly lease: LeaseConfig;
}

/** Leader election; durations in milliseconds, the longest first. */
export interface LeaseConfig {
  /** Namespace of the Lease; `undefined` = the service's own. */
  readonly namespace: string | undefined;
  readonly duration: Milliseconds;
  readonly renewDeadline: Milliseconds;
  readonly retryPeriod: Milliseconds;
}

/** Settings of the reconcile half. */
export function readController(settings: Settings): ControllerConfig {
  return {
    workers: settings.parsed('workers', parseCount, 'a whole number from 1 to 1024', 1),
    legacyKeyNamespace: readLegacyKeyNamespace(settings),
    promptDelivery: settings.isOn('prompt-delivery'),
    lease: readLeaseConfig(settings),
  };
}

/** Namespace meant when a JWT names a key Secret without one; `undefined` = the JWT's own. */
export function readLegacyKeyNamespace(settings: Settings): string | undefined {
  return readNamespace(settings, 'legacy-key-namespace');
}

function readLeaseConfig(settings: Settings): LeaseConfig {
  const namespace = readNamespace(settings, 'lease-namespace');
  const duration = readDuration(settings, 'lease-duration');
  const renewDeadline = readDuration(settings, 'renew-deadline');
  const retryPeriod = readDuration(settings, 'retry-period');
  if (duration > MAX_LEASE_HOURS * HOUR_MS)
    settings.refuse(
      ['lease-duration'],
      `--lease-duration must be at most ${MAX_LEASE_HOURS}h: a Lease takes no longer one`,
    );
  if (duration <= renewDeadline)
    settings.refuse(
      ['lease-duration', 'renew-deadline'],
      '--lease-duration must be longer than --renew-deadline',
    );
  if (renewDeadline <= retryPeriod * 1.2)
    settings.refuse(
      ['renew-deadline', 'retry-period'],
      '--renew-deadline must be longer than 1.2 × --retry-period',
    );
  return { namespace, duration, renewDeadline, retryPeriod };
}

/** `leaseDurationSeconds` of a Lease is an int32: of one that the API server refuses, no replica would ever be the holder. */
const MAX_LEASE_HOURS = Math.floor((2 ** 31 - 1) / 3_600);

function readNamespace(
  settings: Settings,
  name: 'legacy-key-namespace' | 'lease-namespace',
): string | undefined {
  if (settings.text(name) === undefined) return undefined;
  return settings.parsed(name, parseNamespace, 'the name of a namespace', '');
}

function readDuration(
  settings: Settings,
  name: 'lease-duration' | 'renew-deadline' | 'retry-period',
): Milliseconds {
  return settings.parsed(name, parseGoDuration, 'a duration such as 15s or 1m30s', 0);
}
