import { isTransient, KubeError } from '../../kube/errors.ts';
import { objectMember, stringMember } from '../../resources/json.ts';
import type { ObjectName } from '../../resources/object-key.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import type { Access } from '../cluster/connect.ts';
import { describeApiError } from '../cluster/api-errors.ts';
import { createKeySecret } from '../cluster/create-key-secret.ts';
import { tryRead } from '../cluster/read-result.ts';
import { readSecret } from '../cluster/read-secret.ts';
import { EXIT, type CommandProblem } from '../command.ts';
import { KEY_FILE, keySecret } from '../issuer/key-halves.ts';

/** Another field manager than that of the service, which is for the writes of the service. */
const KEYGEN_FIELD_MANAGER = 'jwt-injector-keygen';

/** Why the Secret was not created, or may not have been. */
interface CreationProblem extends CommandProblem {
  /** The answer was lost, and nothing says whether the Secret is there. */
  readonly mayExist: boolean;
}

/**
 * Creates the Secret of a private key. One that exists is a problem, and stays as it is. Where the answer is lost, it looks
 * for the Secret; errors after which it is not there are thrown.
 */
export async function createSecretOfKey(
  { client, printer }: Pick<Access, 'client' | 'printer'>,
  place: ObjectName,
  pem: string,
): Promise<Result<undefined, CreationProblem>> {
  const { namespace, name } = place;
  try {
    const created = await createKeySecret(client, keySecret(place, pem), KEYGEN_FIELD_MANAGER);
    return created.ok ? created : nameTaken(created.problem);
  } catch (error) {
    if (!(error instanceof KubeError) || !isTransient(error)) throw error;
    const look = await tryRead(() => readSecret(client, namespace, name));
    if (look.state !== 'found') {
      const command = printer.kubectl('get', 'secret', name, '-n', namespace);
      const message = `${describeApiError(error, printer)}; whether Secret ${namespace}/${name} was created is not known (${command}): the files that name its key stay; remove them if there is no such Secret`;
      return fail({ exit: EXIT.outside, message, mayExist: true });
    }
    if (look.value === undefined) throw error;
    return holdsKey(look.value, pem)
      ? ok(undefined)
      : nameTaken(`Secret ${namespace}/${name} exists and is not overwritten`);
  }
}

function nameTaken(problem: string): Result<never, CreationProblem> {
  return fail({
    exit: EXIT.refused,
    message: `${problem}: choose another name for the JWT`,
    mayExist: false,
  });
}

function holdsKey(secret: unknown, pem: string): boolean {
  const text = stringMember(objectMember(secret, 'data'), KEY_FILE) ?? '';
  return Buffer.from(text, 'base64').toString() === pem;
}
