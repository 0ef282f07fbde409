import type { JWK } from 'jose';
import { arrayMember, isJsonObject, member, stringMember, type JsonObject } from '../../resources/json.ts';
import type { Jwt, JwtSpec } from '../../resources/jwt.ts';
import { KIND } from '../../resources/names.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import type { KeyEntry } from '../../signing/issuer/key-set.ts';
import { readSigningKey } from '../../signing/key.ts';
import { publishedJwk } from '../../signing/key/public-jwk.ts';
import type { Seconds } from '../../time/units.ts';
import { readDocuments } from '../input/documents.ts';
import { findKeyInFile, readJwtDocument } from '../input/jwt-document.ts';
import { readText, showFilename } from '../input/read-text.ts';
import type { Io } from '../io.ts';
import { keysOfJwt, nameJwt, type IssuerKeys } from '../issuer/keys-of-jwt.ts';
import { readAnyKey } from './private-key.ts';
import { EXIT, type CommandProblem } from '../command.ts';

/** The key in a private key file, under its thumbprint (RFC 7638) or the given `kid`. */
export async function keyOfPem(
  filename: string,
  kid: string | undefined,
  io: Pick<Io, 'stdin'>,
): Promise<Result<KeyEntry, CommandProblem>> {
  const text = await readText(filename, io);
  if (!text.ok) return text;
  const key = await readAnyKey(text.value);
  if (!key.ok)
    return fail({ exit: EXIT.refused, message: `${showFilename(filename)}: ${key.problem.message}` });
  const { publicJwk, thumbprint, algorithm } = key.value;
  return ok({
    jwk: publishedJwk(publicJwk, kid ?? thumbprint, algorithm),
    role: 'added',
    source: showFilename(filename),
  });
}

/**
 * The keys of all files: of JWTs (from their status, themselves or a Secret among the files), of JWKs and of JWK Sets.
 * `given`: keys that a JWT may mean by its `keyId`.
 */
export async function keysOfFiles(
  filenames: readonly string[],
  given: readonly KeyEntry[],
  io: Pick<Io, 'stdin'>,
  now: Seconds,
): Promise<Result<readonly IssuerKeys[], CommandProblem>> {
  const objects: { readonly filename: string; readonly object: JsonObject }[] = [];
  for (const filename of filenames) {
    const documents = await readDocuments(filename, io);
    if (!documents.ok) return documents;
    if (documents.value.length === 0)
      return fileProblem([filename], 'no JWT and no JWK in it; a PEM file is given with --key');
    for (const object of documents.value) objects.push({ filename, object });
  }
  const all = objects.map(({ object }) => object);
  const jwks = objects.flatMap(({ filename, object }) =>
    findJwks(object).map((jwk): KeyEntry => ({ jwk, role: 'added', source: showFilename(filename) })),
  );
  const found: IssuerKeys[] = jwks.length === 0 ? [] : [{ issuer: undefined, entries: jwks }];
  for (const { filename, object } of objects) {
    if (object['kind'] !== KIND) continue;
    const jwt = readJwtDocument(object);
    if (!jwt.ok) return fileProblem([filename], jwt.problem);
    const keys = await keysOfJwtDocument(jwt.value, object, all, [...jwks, ...given], now);
    if (!keys.ok) return fileProblem([filename], `${nameJwt(jwt.value)}: ${keys.problem}`);
    found.push(...keys.value);
  }
  if (found.length === 0)
    return fileProblem(filenames, 'no JWT (kind: JWT) and no JWK (with "kty") in it: add one');
  return ok(found);
}

function fileProblem(
  filenames: readonly string[],
  problem: string,
): { readonly ok: false; readonly problem: CommandProblem } {
  return fail({ exit: EXIT.refused, message: `${filenames.map(showFilename).join(', ')}: ${problem}` });
}

function findJwks(object: JsonObject): readonly JWK[] {
  const candidates = Array.isArray(member(object, 'keys')) ? arrayMember(object, 'keys') : [object];
  return candidates.flatMap((jwk) => {
    const kty = stringMember(jwk, 'kty');
    return isJsonObject(jwk) && kty !== undefined ? [{ ...jwk, kty }] : [];
  });
}

async function keysOfJwtDocument(
  jwt: Jwt,
  object: JsonObject,
  objects: readonly JsonObject[],
  given: readonly KeyEntry[],
  now: Seconds,
): Promise<Result<readonly IssuerKeys[], string>> {
  if (!jwt.spec.ok) return fail(jwt.spec.problem.message);
  const spec = jwt.spec.value;
  const [recorded, ...earlier] = keysOfJwt(jwt, object, now);
  if (recorded.entries.some(({ role }) => role === 'signs')) return ok([recorded, ...earlier]);
  const jwk = await findOwnKey(jwt, spec, objects, given);
  if (!jwk.ok) return jwk;
  const entry: KeyEntry = { jwk: jwk.value, role: 'signs', source: nameJwt(jwt) };
  return ok([{ ...recorded, entries: [entry, ...recorded.entries] }, ...earlier]);
}

async function findOwnKey(
  jwt: Jwt,
  spec: JwtSpec,
  objects: readonly JsonObject[],
  given: readonly KeyEntry[],
): Promise<Result<JWK, string>> {
  const key = findKeyInFile(jwt, spec, objects);
  if (key.text === undefined) {
    const meant = given.find((entry) => entry.jwk.kid === spec.keyId);
    if (meant !== undefined) return ok(meant.jwk);
    const where = key.from === 'secret' ? key.place : 'spec.key';
    return fail(
      `its key is in ${where}, which is not in the files: add the Secret, the JWK of kid ${spec.keyId}, or --key`,
    );
  }
  const read = await readSigningKey(key.text, spec.algorithm);
  if (!read.ok) return fail(read.problem.message);
  return ok(publishedJwk(read.value.publicJwk, spec.keyId, spec.algorithm));
}
