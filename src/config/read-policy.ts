import type { SigningPolicy } from '../resources/signing-policy.ts';
import { parseGoDuration } from '../time/format-time.ts';
import { toSeconds, type Seconds } from '../time/units.ts';
import type { Settings } from './settings.ts';
import { parseIssuers } from './values.ts';

/** Reads the limits for JWTs; both halves apply them. */
export function readPolicy(settings: Settings): SigningPolicy {
  const [minLifetime, maxLifetime] = [readSpan(settings, 'min-lifetime'), readSpan(settings, 'max-lifetime')];
  if (minLifetime !== undefined && maxLifetime !== undefined && minLifetime > maxLifetime)
    settings.refuse(
      ['min-lifetime', 'max-lifetime'],
      '--min-lifetime must not be longer than --max-lifetime: no JWT could meet both',
    );
  return {
    forbidInlineKeys: settings.isOn('forbid-inline-keys'),
    minLifetime,
    maxLifetime,
    allowedIssuers:
      settings.text('allowed-issuers') === undefined
        ? undefined
        : settings.parsed('allowed-issuers', parseIssuers, 'issuers, separated by commas', []),
  };
}

function readSpan(settings: Settings, name: 'min-lifetime' | 'max-lifetime'): Seconds | undefined {
  if (settings.text(name) === undefined) return undefined;
  return toSeconds(settings.parsed(name, parseGoDuration, 'a duration such as 12h or 30m', 0));
}
