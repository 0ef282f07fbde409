import { judge, problem, unknown, well, type Judgement } from '../installation/finding.ts';
import { readLogs } from '../installation/remedies.ts';
import type { InstallationSnapshot } from './installation-snapshot.ts';

/** Checks the API server's answer to a pod with an annotation: the whole way through the webhook, without the kubelet. */
export function checkTriedPod(snapshot: InstallationSnapshot): readonly Judgement[] {
  const { triedPod, tryNamespace } = snapshot;
  const absent = unknown(`there is no namespace ${tryNamespace} in which a pod could be tried`);
  return judge(triedPod, absent, (tried) => {
    switch (tried.outcome) {
      case 'injected':
        return [well(`a pod with an annotation gets its token (a dry run in namespace ${tryNamespace})`)];
      case 'unchanged':
        if (snapshot.deployment.state === 'unread')
          return [
            unknown(
              `a pod with an annotation gets no token in namespace ${tryNamespace}, and whether that is served is not known: ${snapshot.deployment.why}`,
            ),
          ];
        return [
          problem(
            'a pod with an annotation gets no token: the API server does not send it to jwt-injector, or continues without its answer',
            'correct the webhook configurations as described above',
          ),
        ];
      case 'no-answer':
        return [
          problem(
            'a pod with an annotation is refused: the API server gets no answer from jwt-injector, or does not trust its certificate',
            `correct Service, endpoints and certificate as described above; on clusters whose API server is outside, open port 8443 of the pods to it; ${readLogs(snapshot)}`,
          ),
        ];
      case 'refused':
        return [
          unknown(
            `no pod could be tried in namespace ${tryNamespace}, because something else refuses it (${tried.why}): try it in another one with --context`,
          ),
        ];
      default:
        return tried satisfies never;
    }
  });
}
