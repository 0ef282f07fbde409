import { INJECTION_ANNOTATIONS } from '../../resources/names.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import type { Problem } from '../decision.ts';
import { lengthFault, SHORTER_PATH } from '../placement/paths.ts';
import { quote } from '../text.ts';

/** The default mount path of the token's directory: the layout of the NRP page. */
export const DEFAULT_MOUNT_PATH = '/var/run/secrets/jwt';
/** WLCG Bearer Token Discovery: the variable that names a file with a token. */
export const DEFAULT_ENV_VAR = 'BEARER_TOKEN_FILE';
/** Readable by everybody in the container, so that images that run as non-root can use it; writable by nobody. */
export const DEFAULT_FILE_MODE = '0444';
const DEFAULT_MODE = Number.parseInt(DEFAULT_FILE_MODE, 8);
/** WLCG Bearer Token Discovery: the variable in which clients expect the token itself, before they look for a file. */
export const TOKEN_ITSELF_ENV_VAR = 'BEARER_TOKEN';

/** Exactly `true` or `false`: anything else could mean either. */
export function checkInject(value: string | undefined): Result<undefined, Problem> {
  if (value === undefined || value === 'true' || value === 'false') return ok(undefined);
  return fail({
    what: `annotation ${INJECTION_ANNOTATIONS.inject} is ${quote(value)}`,
    remedy: 'set "true" or "false"',
  });
}

/** An absolute, clean directory; one trailing slash is dropped. */
export function checkMountPath(value = DEFAULT_MOUNT_PATH): Result<string, Problem> {
  if (value === DEFAULT_MOUNT_PATH) return ok(value);
  const path = value.length > 1 && value.endsWith('/') ? value.slice(0, -1) : value;
  const what = (fault: string): string =>
    `annotation ${INJECTION_ANNOTATIONS.mountPath}: ${quote(value)} ${fault}`;
  const tooLong = lengthFault(path);
  if (tooLong !== undefined) return fail({ what: what(tooLong), remedy: SHORTER_PATH });
  const fault = mountPathFault(path);
  if (fault === undefined) return ok(path);
  return fail({ what: what(fault), remedy: `name a directory such as ${DEFAULT_MOUNT_PATH}` });
}

function mountPathFault(path: string): string | undefined {
  if (!path.startsWith('/')) return 'is not absolute';
  if (path === '/') return 'is the whole file system';
  if (path.includes('//') || path.endsWith('/')) return 'has an empty part ("//")';
  if (path.includes(':')) return 'has a colon, which Kubernetes refuses in mount paths';
  if (/\p{Cc}/u.test(path)) return 'has a control character';
  if (path.includes('$')) return 'has a "$", which Kubernetes expands in env vars';
  const dots = path.split('/').find((part) => part === '.' || part === '..');
  return dots === undefined ? undefined : `has "${dots}" as a part`;
}

/** More than any name in use; and the name is repeated for each container. */
const MAX_ENV_VAR_BYTES = 255;

const C_IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A C identifier: what shells and clients can name. */
export function checkEnvVar(value = DEFAULT_ENV_VAR): Result<string, Problem> {
  if (value === DEFAULT_ENV_VAR) return ok(value);
  const key = INJECTION_ANNOTATIONS.envVar;
  if (value === TOKEN_ITSELF_ENV_VAR) {
    return fail({
      what: `annotation ${key}: clients expect the token itself in ${value}, not the name of a file`,
      remedy: `use ${DEFAULT_ENV_VAR} or a name of your own`,
    });
  }
  const bytes = Buffer.byteLength(value);
  if (bytes > MAX_ENV_VAR_BYTES) {
    return fail({
      what: `annotation ${key}: ${quote(value)} has ${bytes} bytes`,
      remedy: `use a name of at most ${MAX_ENV_VAR_BYTES}`,
    });
  }
  if (C_IDENTIFIER.test(value)) return ok(value);
  return fail({
    what: `annotation ${key}: ${quote(value)} is not a valid name of an environment variable`,
    remedy: 'use letters, digits and "_", not beginning with a digit',
  });
}

const FILE_MODE = /^0?[0-7]{3}$/;

/** The mode as a number, as the Kubernetes API has it. */
export function checkFileMode(value: string | undefined): Result<number, Problem> {
  if (value === undefined) return ok(DEFAULT_MODE);
  const mode = FILE_MODE.test(value) ? Number.parseInt(value, 8) : 0;
  if (mode > 0) return ok(mode);
  return fail({
    what: `annotation ${INJECTION_ANNOTATIONS.fileMode}: ${quote(value)} is not a valid file mode`,
    remedy: 'use three octal digits from 001 to 777, in quotes, such as "0444"',
  });
}
