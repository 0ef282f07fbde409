import { readPolicy } from '../../config/read-policy.ts';
import { RUN_FLAGS } from '../../config/run-flags.ts';
import { Settings } from '../../config/settings.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import type { SigningPolicy } from '../../resources/signing-policy.ts';
import type { FlagValues } from '../parse-flags.ts';

const POLICY_FLAG_NAMES = ['forbid-inline-keys', 'min-lifetime', 'max-lifetime', 'allowed-issuers'] as const;

/** The policy of a cluster, which its users cannot read: their admin knows it, as it is given to `run`. */
export const POLICY_FLAGS = {
  'forbid-inline-keys': {
    ...RUN_FLAGS['forbid-inline-keys'],
    help: 'as for jwt-injector run, like the next three',
  },
  'min-lifetime': { ...RUN_FLAGS['min-lifetime'], help: 'the shortest lifetime that is allowed' },
  'max-lifetime': { ...RUN_FLAGS['max-lifetime'], help: 'the longest one' },
  'allowed-issuers': { ...RUN_FLAGS['allowed-issuers'], help: 'the issuers that are allowed, byte for byte' },
} as const;

/** Reads the values as `run` does; `undefined` if none was given. The problem is one sentence, or several. */
export function readPolicyFlags(
  values: FlagValues<typeof POLICY_FLAGS>,
): Result<SigningPolicy | undefined, string> {
  const args = POLICY_FLAG_NAMES.flatMap((name) =>
    values[name] === undefined ? [] : [`--${name}=${values[name]}`],
  );
  const settings = new Settings(args, {});
  const policy = readPolicy(settings);
  if (settings.problems.length > 0) return fail(settings.problems.join('; '));
  return ok(args.length === 0 ? undefined : policy);
}
