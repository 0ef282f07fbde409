/** Why there are no credentials, in words that may be shown: they follow "no credentials for …: ". */
export class CredentialsError extends Error {
  override readonly name: string = 'CredentialsError';
}

/** The kubeconfig leads to another API server than at the start: its credentials are not for the one that is known. */
export class ServerChanged extends CredentialsError {
  override readonly name = 'ServerChanged';
}
