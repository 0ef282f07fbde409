import { objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import type { Result } from '../../resources/result.ts';
import { TOKEN_KEY } from '../../resources/names.ts';
import type { ConnectFlags } from '../cluster/connect-flags.ts';
import type { Io } from '../io.ts';
import { printProblems } from '../print-problems.ts';
import { listObjects } from './documents.ts';
import { readEditable } from '../yaml/editable-document.ts';
import { findSecretToken, readFoundToken, refuseToken, type FoundToken } from './found-token.ts';
import { readText, showFilename } from './read-text.ts';
import { isCompact, withoutScheme, type TokenPlace } from './token-place.ts';
import type { CommandProblem, ExitCode } from '../command.ts';

/** Finds a token and passes it on; what prevents that is printed. The cluster is asked with the caller's rights. */
export async function withToken(
  place: TokenPlace,
  flags: ConnectFlags,
  io: Io,
  action: (token: FoundToken) => Promise<ExitCode>,
): Promise<ExitCode> {
  const use = async (found: Result<FoundToken, CommandProblem>): Promise<ExitCode> => {
    return found.ok ? action(found.value) : printProblems([found.problem], io);
  };
  if (place.from === 'argument') return use(readFoundToken(place.text, 'the argument'));
  if (place.from === 'file') return use(await readTokenFile(place.filename, io));
  const { withCluster } = await import('../cluster/connect.ts');
  const { findTokenInCluster } = await import('./token-in-cluster.ts');
  return withCluster(flags, io, async (access) => use(await findTokenInCluster(access, place)));
}

async function readTokenFile(filename: string, io: Io): Promise<Result<FoundToken, CommandProblem>> {
  const text = await readText(filename, io);
  if (!text.ok) return text;
  const source = showFilename(filename);
  const trimmed = withoutScheme(text.value.trim());
  if (trimmed === '') return refuseToken(source, 'is empty: there is no token in it');
  const objects = isCompact(trimmed) ? [] : findObjects(trimmed);
  const secrets = objects.filter(({ kind }) => kind === 'Secret');
  if (secrets.length > 1) return refuseToken(source, 'has more than one Secret: give one of them');
  const [secret] = secrets;
  if (secret !== undefined)
    return findSecretToken(secret, TOKEN_KEY, `${source}: Secret ${secretName(secret)}`);
  // Some issuers answer with such an object; Pelican reads it, too.
  return readFoundToken(stringMember(objects[0], 'access_token') ?? trimmed, source);
}

function findObjects(text: string): readonly JsonObject[] {
  const documents = readEditable(text);
  return documents.ok ? documents.value.flatMap(listObjects).map(({ object }) => object) : [];
}

function secretName(secret: JsonObject): string {
  return stringMember(objectMember(secret, 'metadata'), 'name') ?? '';
}
