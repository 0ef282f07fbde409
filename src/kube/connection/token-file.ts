import { readFileSync } from 'node:fs';
import type { User } from '@kubernetes/client-node';
import { objectMember, stringMember } from '../../resources/json.ts';
import { addToken, type AuthenticatedOptions, type Authenticator } from './authenticator.ts';
import { CredentialsError } from './credentials-error.ts';

const TOKEN_FILE_USER = 'token-file';

/** The user with the token in a file: a ServiceAccount's in a pod, or `tokenFile` of a kubeconfig. */
export function withTokenFile(user: User, path: string): User {
  return { ...user, authProvider: { name: TOKEN_FILE_USER, config: { path } } };
}

/**
 * Reads the file at each look. client-node would read it once a minute by the wall clock, and send requests without credentials
 * while it is empty, as it is while somebody writes over it.
 */
export class TokenFile implements Authenticator {
  isAuthProvider({ authProvider }: User): boolean {
    return stringMember(authProvider, 'name') === TOKEN_FILE_USER;
  }

  async applyAuthentication({ authProvider }: User, options: AuthenticatedOptions): Promise<void> {
    const path = stringMember(objectMember(authProvider, 'config'), 'path') ?? '';
    const token = readFileSync(path, 'utf8').trim();
    if (token === '') throw new CredentialsError(`the token file ${path} is empty`);
    addToken(options, token);
  }
}
