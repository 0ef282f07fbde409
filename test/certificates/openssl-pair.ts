import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execute } from '../runs/execute.ts';

/** The names that a server needs. */
export const FOR_LOCALHOST = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];

/** A self-signed pair of a kind that only OpenSSL makes: further arguments of `openssl req`. PEM texts. */
export async function opensslPair(
  ...options: readonly string[]
): Promise<{ readonly cert: string; readonly key: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-'));
  const [certFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  const files = ['-keyout', keyFile, '-out', certFile];
  await execute('openssl', ['req', '-x509', '-nodes', '-days=30', '-subj=/CN=pair', ...files, ...options]);
  const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
  await rm(folder, { recursive: true });
  return { cert, key };
}

/** A pair with a key of this curve. */
export function pairOfCurve(curve: string): ReturnType<typeof opensslPair> {
  return opensslPair('-newkey=ec', '-pkeyopt', `ec_paramgen_curve:${curve}`, ...FOR_LOCALHOST);
}
