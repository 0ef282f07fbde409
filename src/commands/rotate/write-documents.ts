import { ok, type Result } from '../../resources/result.ts';
import { toSeconds } from '../../time/units.ts';
import type { Access } from '../cluster/connect.ts';
import type { CommandProblem } from '../command.ts';
import type { Io } from '../io.ts';
import { keysOfCluster } from '../issuer/keys-of-cluster.ts';
import { publishFound } from '../issuer/publish-found.ts';

/** Writes what the issuer of the JWT is to publish into `dir`, as `jwks` does; nothing without one. */
export async function writeDocuments(
  access: Access,
  name: string,
  dir: string | undefined,
  { stderr }: Pick<Io, 'stderr'>,
): Promise<Result<undefined, CommandProblem>> {
  if (dir === undefined) return ok(undefined);
  const now = toSeconds(Date.now());
  const choice = { names: [name], issuer: undefined, everywhere: false };
  const found = await keysOfCluster(access, choice, now);
  if (!found.ok) return found;
  const written = await publishFound(found.value, { ...choice, dir, remove: [], force: false }, now);
  if (!written.ok) return written;
  for (const warning of written.value.warnings) stderr.write(`warning: ${warning}\n`);
  return ok(undefined);
}
