import { arrayMember, isJsonObject, type JsonObject } from '../../../src/resources/json.ts';

/** The condition of that type in the status of a JWT. */
export function conditionIn(status: JsonObject, type: string): JsonObject | undefined {
  return arrayMember(status, 'conditions')
    .filter(isJsonObject)
    .find((item) => item['type'] === type);
}
