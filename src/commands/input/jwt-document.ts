import { objectMember, stringMember, textOf, type JsonObject } from '../../resources/json.ts';
import { findUnknownFields } from '../../resources/jwt-fields.ts';
import { parseJwt, type Jwt, type JwtSpec } from '../../resources/jwt.ts';
import { describeKeyInOwnSecret, isKeyInOwnSecret } from '../../resources/key-in-own-secret.ts';
import { GROUP, VERSION } from '../../resources/names.ts';
import type { StateProblem } from '../../resources/problem.ts';
import { fail, type Result } from '../../resources/result.ts';
import { readSecretData } from '../../resources/secret.ts';

/** A JWT of a file. The problem is one sentence. */
export function readJwtDocument(object: JsonObject): Result<Jwt, string> {
  const { apiVersion } = object;
  const expected = `${GROUP}/${VERSION}`;
  return apiVersion === expected
    ? parseJwt(object)
    : fail(`a JWT's apiVersion must be ${expected}, not "${textOf(apiVersion)}"`);
}

/** A sentence for each field that the API server would drop. */
export function warnOfUnknownFields(spec: unknown): readonly string[] {
  return findUnknownFields(spec).map((path) => `${path} is not a field of a JWT and is ignored`);
}

/**
 * Finds a problem for which the API server refuses a new JWT besides those of its `spec` alone: a key in the Secret of its token.
 */
export function findKeyConflict(jwt: Jwt, { key }: JwtSpec): StateProblem | undefined {
  return isKeyInOwnSecret(jwt, key, jwt.namespace) ? describeKeyInOwnSecret(jwt) : undefined;
}

/** The place of the private key of a JWT in a file, as far as the objects beside it show. */
export type KeyInFile =
  | { readonly from: 'value'; readonly text: string }
  | {
      readonly from: 'secret';
      /** For messages: `Secret my-key, data key "key.pem"`. */
      readonly place: string;
      readonly namespace: string;
      readonly name: string;
      readonly key: string;
      /** Whether the Secret is among the objects. */
      readonly isPresent: boolean;
      /** `undefined` when the Secret, or the data key in it, is not among the objects. */
      readonly text: string | undefined;
    };

/** Looks for the key in the JWT itself, then in a Secret among the objects. */
export function findKeyInFile(jwt: Jwt, { key: source }: JwtSpec, objects: readonly JsonObject[]): KeyInFile {
  if (source.from === 'value') return { from: 'value', text: source.text };
  const { name, key, namespace = jwt.namespace } = source;
  const secret = objects.find((object) => {
    const metadata = objectMember(object, 'metadata');
    return (
      object['kind'] === 'Secret' &&
      stringMember(metadata, 'name') === name &&
      (stringMember(metadata, 'namespace') ?? jwt.namespace) === namespace
    );
  });
  const place = `Secret ${name}, data key "${key}"`;
  const text = stringMember(objectMember(secret, 'stringData'), key) ?? readSecretData(secret, key);
  return { from: 'secret', place, namespace, name, key, isPresent: secret !== undefined, text };
}
