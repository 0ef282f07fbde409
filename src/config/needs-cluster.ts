import type { ControllerConfig } from './read-controller.ts';
import type { WebhookConfig } from './read-webhook.ts';

/** The halves of the service; one of them may be off. */
export interface Halves {
  readonly webhook: WebhookConfig | undefined;
  readonly controller: ControllerConfig | undefined;
}

/** Whether a half that is on asks an API server. */
export function needsCluster({ controller, webhook }: Halves): boolean {
  const needsWebhook = webhook?.usesNamespaceDefault === true || webhook?.certificate.from === 'secret';
  return controller !== undefined || needsWebhook;
}
