import { createHash } from 'node:crypto';
import { isObjectName, MAX_DNS_LABEL, MAX_OBJECT_NAME } from '../../resources/object-name.ts';

/** The closest name that is valid, `undefined` when no character of it is. */
export function closestTokenName(name: string): string | undefined {
  const plain = name
    .slice(0, 4 * MAX_OBJECT_NAME)
    .toLowerCase()
    .replaceAll(/[^-a-z0-9.]+/g, '-')
    .replaceAll(/[-.]*\.[-.]*/g, '.')
    .replaceAll(/^[-.]+/g, '')
    .slice(0, MAX_OBJECT_NAME)
    .replaceAll(/[-.]+$/g, '');
  return isObjectName(plain) ? plain : undefined;
}

/**
 * Depends on the token's name only, so that a second review of the same pod finds the volume again, whatever the name of
 * the pod: `jwt-<token>`, or a cut and hashed form where that is not a DNS-1123 label.
 */
export function volumeName(token: string): string {
  const plain = `jwt-${token}`;
  if (plain.length <= MAX_DNS_LABEL && !token.includes('.')) return plain;
  const hash = createHash('sha256').update(token).digest('hex').slice(0, 8);
  return `jwt-${token.slice(0, 40).replaceAll('.', '-')}-${hash}`;
}
