import { createHash } from 'node:crypto';

/** Kubernetes names of Secrets and JWTs are DNS-1123 subdomains. */
const MAX_TOKEN_NAME = 253;
const TOKEN_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
/** Names of volumes are DNS-1123 labels: no dots. */
const MAX_LABEL = 63;

/** Whether a Secret, and so a JWT, can have that name. */
export function isTokenName(name: string): boolean {
  return name.length <= MAX_TOKEN_NAME && TOKEN_NAME.test(name);
}

/** The closest name that is valid, `undefined` when no character of it is. */
export function closestTokenName(name: string): string | undefined {
  const plain = name
    .slice(0, 4 * MAX_TOKEN_NAME)
    .toLowerCase()
    .replaceAll(/[^-a-z0-9.]+/g, '-')
    .replaceAll(/[-.]*\.[-.]*/g, '.')
    .replaceAll(/^[-.]+/g, '')
    .slice(0, MAX_TOKEN_NAME)
    .replaceAll(/[-.]+$/g, '');
  return isTokenName(plain) ? plain : undefined;
}

/**
 * Depends on the token's name only, so that a second review of the same pod finds the volume again, whatever the name of
 * the pod: `jwt-<token>`, or a cut and hashed form where that is not a DNS-1123 label.
 */
export function volumeName(token: string): string {
  const plain = `jwt-${token}`;
  if (plain.length <= MAX_LABEL && !token.includes('.')) return plain;
  const hash = createHash('sha256').update(token).digest('hex').slice(0, 8);
  return `jwt-${token.slice(0, 40).replaceAll('.', '-')}-${hash}`;
}
