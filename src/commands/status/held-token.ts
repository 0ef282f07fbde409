import { readToken } from '../../signing/token.ts';
import type { JwtState } from './jwt-state.ts';
import type { MountedFile } from './pod-mounts.ts';

/** The facts about a file of a pod; never the token. */
export interface HeldFile extends MountedFile {
  /** Compared with the JWT's current one by the claim `jti`; `unread`: `problem` says why. */
  readonly token: 'present' | 'older' | 'newer' | 'not known' | 'unread';
  readonly problem: string | undefined;
}

/** The token that a text is, beside the current one of the JWT. `newer`: it was signed after the JWT was read. */
export function compareToken(
  text: string,
  { tokenId, issuedAt }: Pick<JwtState, 'tokenId' | 'issuedAt'>,
): Exclude<HeldFile['token'], 'unread'> {
  const { jti, iat } = readToken(text.trim())?.claims ?? {};
  if (typeof jti === 'string' && jti === tokenId) return 'present';
  if (typeof iat !== 'number' || issuedAt === undefined) return 'not known';
  return iat > issuedAt ? 'newer' : 'older';
}
