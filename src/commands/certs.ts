import { describeCertificates } from './certs/describe-certificates.ts';
import { reportCertificates } from './certs/report.ts';
import { INSTALLATION_FLAGS, readInstallationOptions } from './doctor/installation-flags.ts';
import { EXIT } from './io.ts';
import { makeCommand } from './make-command.ts';
import { printReport } from './output/table-output.ts';

/** `jwt-injector certs`. */
export const certsCommand = makeCommand({
  usage: ['certs [-n NS] [-o json|yaml]'],
  description: `Shows the certificate of the webhook and its authorities, as they are in the Secret and in caBundle of the webhook
configurations: who issued them, until when they are valid, when they are renewed, and whether the API server
trusts what is served. Never shows a private key. Changes nothing.`,
  flags: INSTALLATION_FLAGS,
  examples: ['certs'],
  notes: `It uses your own rights, and says what you are not allowed to look at. Exit code 0: no problem was found;
1: a problem was found; 2: wrong usage; 3: the API server did not answer.`,
  readOptions: (values) => readInstallationOptions(values),
  run: async ({ place, namespace, output }, io) => {
    const { withCluster } = await import('./cluster/connect.ts');
    const { gatherCertificates } = await import('./doctor/gather-certificates.ts');
    return withCluster(place, io, async ({ client }) => {
      const report = reportCertificates(await gatherCertificates(client, namespace));
      printReport(io, output, report, describeCertificates);
      return report.findings.some(({ result }) => result === 'problem') ? EXIT.refused : EXIT.done;
    });
  },
});
