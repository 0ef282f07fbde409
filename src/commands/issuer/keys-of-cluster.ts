import { resourcePath } from '../../kube/resource-path.ts';
import { parseJwt } from '../../resources/jwt.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { explainingCommand } from '../cluster/command-printer.ts';
import type { Seconds } from '../../time/units.ts';
import type { Access } from '../cluster/connect.ts';
import { findJwtObject } from '../cluster/find-jwt.ts';
import { checkNewKey } from './check-new-key.ts';
import { keysOfJwt, nameJwt, type IssuerKeys } from './keys-of-jwt.ts';
import { EXIT, type CommandProblem } from '../command.ts';
import { JWTS } from '../../kube/known-resources.ts';

/** The choice of JWTs. */
interface ClusterChoice {
  readonly names: readonly string[];
  /** Instead of names: all of the issuer. */
  readonly everywhere: boolean;
  readonly issuer: string | undefined;
}

/** The keys of JWTs in the cluster, by their status; private keys are not read. Refusals of the API server are thrown. */
export async function keysOfCluster(
  access: Access,
  { names, everywhere, issuer }: ClusterChoice,
  now: Seconds,
): Promise<Result<readonly IssuerKeys[], CommandProblem>> {
  return everywhere ? ok(await findAllOf(access, issuer ?? '', now)) : findKeysOfNamed(access, names, now);
}

async function findKeysOfNamed(
  access: Access,
  names: readonly string[],
  now: Seconds,
): Promise<Result<readonly IssuerKeys[], CommandProblem>> {
  const all: IssuerKeys[] = [];
  for (const name of names) {
    const found = await findJwtObject(access, access.namespace, name);
    if (!found.ok) return found;
    const { jwt, object } = found.value;
    const [own, ...earlier] = keysOfJwt(jwt, object, now);
    const keys = [await checkNewKey(access, found.value, own), ...earlier];
    if (keys.every(({ entries }) => entries.length === 0)) {
      return fail({
        exit: EXIT.refused,
        message: `${nameJwt(jwt)} has signed nothing for its issuer yet, so its status has no key for it: see ${explainingCommand(access.printer, jwt)}, or give the key with --key or -f`,
      });
    }
    all.push(...keys);
  }
  return ok(all);
}

/**
 * A JWT that has signed nothing yet has nothing to be published. Nobody chose these JWTs, so an issuer that only their spec
 * names does not count: without a status of ours nobody has said that they may sign for it. If no JWT has signed for it, a
 * warning is all that is found.
 */
async function findAllOf({ client }: Access, issuer: string, now: Seconds): Promise<readonly IssuerKeys[]> {
  const { items } = await client.listMapped(resourcePath(JWTS), {
    map: (object) => {
      const jwt = parseJwt(object);
      if (!jwt.ok) return [];
      const [own, ...earlier] = keysOfJwt(jwt.value, object, now);
      const all = jwt.value.recorded.issuer === undefined ? earlier : [own, ...earlier];
      return all.filter(({ entries }) => entries.length > 0);
    },
  });
  const signed = items.flat();
  const wanted = signed.filter((keys) => keys.issuer === issuer);
  return wanted.length > 0 ? wanted : [{ issuer, entries: [], warnings: [warnOfUnsigned(issuer, signed)] }];
}

const MAX_ISSUERS = 8; // a line stays a line

function warnOfUnsigned(issuer: string, signed: readonly IssuerKeys[]): string {
  const others = [...new Set(signed.flatMap((keys) => keys.issuer ?? []))];
  const shown = others.slice(0, MAX_ISSUERS).join(', ');
  const there =
    others.length === 0
      ? 'no other issuer has a signature'
      : `JWTs have signed for ${shown}${others.length > MAX_ISSUERS ? ' …' : ''}`;
  return `no JWT of the cluster has signed for the issuer "${issuer}", byte for byte; ${there}: correct --issuer, or choose the cluster with --context`;
}
