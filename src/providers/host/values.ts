/** Property values as they travel in Pulumi's protocol, to and from plain JSON-like values. */
import structPb from "google-protobuf/google/protobuf/struct_pb.js";

export type Values = Record<string, unknown>;

/** Plain values, and which of their keys hold something secret at any depth. */
export interface Properties {
  values: Values;
  secretKeys: ReadonlySet<string>;
}

const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";

/** Stands for a value that a preview does not know yet. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The engine has one mark per kind of value (bool, number, string, array, asset, archive, object). */
const unknownMarks = new Set([
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  UNKNOWN,
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

const isObject = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Unwraps secrets; keys whose value is null are left out, as the engine treats both alike. */
export function decodeProperties(struct: structPb.Struct | undefined): Properties {
  const secretKeys = new Set<string>();
  const values: Values = {};
  for (const [key, value] of Object.entries(struct?.toJavaScript() ?? {})) {
    if (value === null) continue;
    values[key] = unwrap(value, () => secretKeys.add(key));
  }
  return { values, secretKeys };
}

function unwrap(value: unknown, onSecret: () => void): unknown {
  if (Array.isArray(value)) return value.map((item) => unwrap(item, onSecret));
  if (!isObject(value)) return value;
  if (value[SIGNATURE_KEY] === SECRET_SIGNATURE) {
    onSecret();
    return unwrap(value.value, onSecret);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unwrap(item, onSecret)]));
}

/** The reverse: undefined values are left out, the named keys are wrapped as secrets. */
export function encodeProperties(values: Values, secretKeys: ReadonlySet<string>): structPb.Struct {
  const wrapped: Record<string, structPb.JavaScriptValue> = {};
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const plain = plainValue(value);
    wrapped[key] = secretKeys.has(key) ? { [SIGNATURE_KEY]: SECRET_SIGNATURE, value: plain } : plain;
  }
  return structPb.Struct.fromJavaScript(wrapped);
}

function plainValue(value: unknown): structPb.JavaScriptValue {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  if (Array.isArray(value)) return value.map(plainValue);
  if (!isObject(value)) throw new Error(`A ${typeof value} cannot be sent to the engine`);
  const known = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(known.map(([key, item]) => [key, plainValue(item)]));
}

/** True when the value, or anything inside it, is not known yet. */
export function hasUnknown(value: unknown): boolean {
  if (typeof value === "string") return unknownMarks.has(value);
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isObject(value) && Object.values(value).some(hasUnknown);
}
