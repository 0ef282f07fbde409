import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority } from '../controlplane/certificates.ts';
import { ControlPlaneError } from '../controlplane/control-plane-error.ts';
import { HOSTS } from './names.ts';

/** Environment variable with the folder of the world, for the test files. */
const VARIABLE = 'JWT_INJECTOR_VERIFIERS_WORLD';

/** The file with the CAs that Debian's programs trust. In this world it is a copy of the machine's. */
const TRUSTED = '/etc/ssl/certs/ca-certificates.crt';

/** What the programs of the world share. The world is the set of namespaces that world.sh makes. */
export interface World {
  /** Readable by all users; test files make their own folders in it. */
  readonly folder: string;
  /** Path of the CA certificate (PEM) that all programs trust. */
  readonly caFile: string;
  /** PEM texts; the certificate is for all of `HOSTS`. */
  readonly certificate: string;
  readonly key: string;
}

/**
 * Gives the world its hosts and a CA that Debian's programs trust: scitokens-cpp 0.7 only uses the system's
 * CAs. Only call it where /etc is not the machine's own. Makes the folder.
 */
export async function furnishWorld(folder: string): Promise<World> {
  const names = Object.keys(HOSTS);
  const authority = await createCertificateAuthority('verifiers test');
  const { certificate, key } = await authority.issue(names, Object.values(HOSTS));
  await mkdir(folder, { mode: 0o755 });
  await writeFile(join(folder, 'ca.pem'), authority.certificate);
  await writeFile(join(folder, 'certificate.pem'), certificate);
  await writeFile(join(folder, 'key.pem'), key, { mode: 0o600 });
  await mkdir('/etc/ssl/certs', { recursive: true });
  await appendFile(TRUSTED, `\n${authority.certificate}`);
  // XRootD does not start if its own host has no address.
  const hosts = Object.entries({ ...HOSTS, [hostname()]: '127.0.0.1' });
  const lines = hosts.map(([name, address]) => `${address} ${name}\n`);
  await appendFile('/etc/hosts', `\n${lines.join('')}`);
  return readWorld(folder);
}

/** The environment of test files that call `openWorld`. */
export function lendWorld({ folder }: World): NodeJS.ProcessEnv {
  return { [VARIABLE]: folder };
}

/** The world that was lent to this test file. Throws a ControlPlaneError if none was. */
export function openWorld(): World {
  const folder = process.env[VARIABLE];
  if (folder === undefined)
    throw new ControlPlaneError('this test needs a world of its own: npm run verifiers -- FILE, as root');
  return readWorld(folder);
}

function readWorld(folder: string): World {
  return {
    folder,
    caFile: join(folder, 'ca.pem'),
    certificate: readFileSync(join(folder, 'certificate.pem'), 'utf8'),
    key: readFileSync(join(folder, 'key.pem'), 'utf8'),
  };
}
