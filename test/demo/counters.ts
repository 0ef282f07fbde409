import type { ControlPlane } from '../controlplane/control-plane.ts';
import type { Service } from '../controlplane/service.ts';

/** How often the API server called our mutating webhooks, dry runs included, as its own metrics count it. */
export async function countWebhookCalls({ kubectl }: Pick<ControlPlane, 'kubectl'>): Promise<number> {
  const { stdout } = await kubectl(['get', '--raw', '/metrics']);
  return sumSamples(
    stdout,
    /^apiserver_admission_webhook_request_total\{.*name="[^"]*\.tokens\.osg-htc\.org".*type="admit"/,
  );
}

/** How many admissions the service decided, as its own metrics count them. */
export async function countDecisions({ httpPort }: Pick<Service, 'httpPort'>): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${httpPort}/metrics`);
  return sumSamples(await answer.text(), /^jwt_injector_admission_decisions_total\{/);
}

/** Adds up the samples of a Prometheus exposition whose lines match. */
function sumSamples(exposition: string, pattern: RegExp): number {
  return exposition
    .split('\n')
    .filter((line) => pattern.test(line))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
