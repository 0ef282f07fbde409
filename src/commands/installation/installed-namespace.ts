import { resourcePath } from '../../kube/resource-path.ts';
import { arrayMember, objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import { APP } from '../../resources/names.ts';
import { foundValue, tryRead, type ReadResult } from '../cluster/read-result.ts';
import type { Access } from '../cluster/connect.ts';

type Client = Pick<Access['client'], 'get'>;

/** The two webhook configurations, which have the same name whatever namespace jwt-injector is in. */
interface WebhookConfigurations {
  readonly mutating: ReadResult<JsonObject>;
  readonly validating: ReadResult<JsonObject>;
}

/** Reads both, with the caller's rights. */
export async function readWebhookConfigurations(client: Client): Promise<WebhookConfigurations> {
  const read = (plural: string): Promise<ReadResult<JsonObject>> =>
    tryRead(() =>
      client.get(
        resourcePath({ group: 'admissionregistration.k8s.io', version: 'v1', plural }, { name: APP }),
      ),
    );
  const [mutating, validating] = await Promise.all([
    read('mutatingwebhookconfigurations'),
    read('validatingwebhookconfigurations'),
  ]);
  return { mutating, validating };
}

/** The namespace that jwt-injector is in, if they say so: that of the Service which the API server calls. */
export function installedNamespace({ mutating, validating }: WebhookConfigurations): string | undefined {
  return namespaceOf(mutating) ?? namespaceOf(validating);
}

/** The namespace of the Service that the first entry calls. */
function namespaceOf(configuration: ReadResult<JsonObject>): string | undefined {
  const [entry] = arrayMember(foundValue(configuration), 'webhooks');
  return stringMember(objectMember(objectMember(entry, 'clientConfig'), 'service'), 'namespace');
}
