import { findFaults } from './doctor/checks.ts';
import { describeDoctor, type DoctorReport } from './doctor/doctor-lines.ts';
import { makeCommand } from './make-command.ts';
import { INSTALLATION_FLAGS, readInstallationOptions } from './installation/installation-flags.ts';
import { printReport } from './output/report-output.ts';
import { EXIT } from './command.ts';

/** `jwt-injector doctor`. */
export const doctorCommand = makeCommand({
  usage: ['doctor [-n NS] [-o json|yaml]'],
  description: `Finds out what is wrong with the jwt-injector of a cluster, and says what helps: the API server and its clock, CRD,
rights, Deployment, Service, certificate, webhook configurations, Lease, JWTs, and what token-manager left.
Changes nothing; a pod with an annotation is created as a dry run.`,
  flags: INSTALLATION_FLAGS,
  examples: ['doctor', 'doctor -o json | jq -r \'.findings[] | select(.result == "problem") | .check\''],
  notes: `It uses your own rights, and says what you are not allowed to look at; that alone is not a failure. Exit code
0: no problem; 1: a problem was found; 2: wrong usage; 3: the API server did not answer.`,
  readOptions: (values) => readInstallationOptions(values),
  run: async ({ place, namespace, output }, io) => {
    const { withCluster } = await import('./cluster/connect.ts');
    const { gather } = await import('./doctor/gather.ts');
    return withCluster(place, io, async (access) => {
      const snapshot = await gather(access, namespace);
      const findings = findFaults(snapshot);
      const report: DoctorReport = { version: snapshot.version, namespace: snapshot.namespace, findings };
      printReport(io, output, report, describeDoctor);
      return findings.some(({ result }) => result === 'problem') ? EXIT.refused : EXIT.done;
    });
  },
});
