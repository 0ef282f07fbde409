import { isJsonObject, type JsonObject } from '../../resources/json.ts';
import type { Jwt } from '../../resources/jwt.ts';

/**
 * Characters of JSON. Claims are seldom longer, and shared between JWTs as far as they are equal; as objects they take up
 * to twenty times as much memory as their text, and there may be thousands of JWTs with 64 KiB of them.
 */
const LONGEST_UNPACKED = 512;

/** The same JWT; many claims are kept as text and read whenever somebody asks for them. */
export function packClaims(jwt: Jwt): Jwt {
  if (!jwt.spec.ok) return jwt;
  const { data, ...spec } = jwt.spec.value;
  const text = JSON.stringify(data);
  if (text.length <= LONGEST_UNPACKED) return jwt;
  const value = {
    ...spec,
    get data(): JsonObject {
      const object: unknown = JSON.parse(text);
      return isJsonObject(object) ? object : {};
    },
  };
  return { ...jwt, spec: { ok: true, value } };
}
