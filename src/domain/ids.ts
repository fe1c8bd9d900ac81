/** Prefixed identifiers: a prefix that says what the thing is, and a UUIDv7 that sorts by creation time (RFC 9562). */
import { randomFillSync } from "node:crypto";

/** One row per kind of resource; the prefix is public and never changes. */
export const idPrefixes = {
  organization: "org",
  project: "proj",
  environment: "env",
  cluster: "clu",
  deployment: "dep",
  operation: "op",
  user: "usr",
  serviceAccount: "sva",
  apiKey: "key",
  session: "ses",
  invitation: "inv",
  cliLogin: "cli",
  plan: "plan",
  worker: "wrk",
  request: "req",
  mail: "mail",
  webhook: "whe",
  webhookMessage: "msg",
  webhookDelivery: "whd",
} as const;

export type ResourceKind = keyof typeof idPrefixes;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * Makes a new id.
 * @param kind what the id names
 * @param nowMilliseconds the creation time, milliseconds since 1970
 */
export function newId(kind: ResourceKind, nowMilliseconds: number = Date.now()): string {
  return `${idPrefixes[kind]}_${uuidv7(nowMilliseconds)}`;
}

/** Reads an id in either documented form, with its prefix or as a bare UUID; undefined when it is neither. */
export function parseId(kind: ResourceKind, text: string): string | undefined {
  const prefix = `${idPrefixes[kind]}_`;
  const bare = text.startsWith(prefix) ? text.slice(prefix.length) : text;
  return UUID.test(bare) ? `${prefix}${bare.toLowerCase()}` : undefined;
}

/** The id with its prefix; one that has it is left as it is. */
export const prefixedId = (kind: ResourceKind, id: string): string =>
  id.startsWith(`${idPrefixes[kind]}_`) ? id : `${idPrefixes[kind]}_${id}`;

/** Which of the kinds an id's prefix says it is of; undefined when it is none of them. */
export const kindOfId = <Kind extends ResourceKind>(kinds: readonly Kind[], id: string): Kind | undefined =>
  kinds.find((kind) => id.startsWith(`${idPrefixes[kind]}_`));

function uuidv7(nowMilliseconds: number): string {
  const bytes = new Uint8Array(16);
  randomFillSync(bytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, Math.floor(nowMilliseconds / 2 ** 32));
  view.setUint32(2, nowMilliseconds % 2 ** 32);
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x70);
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80);
  const hex = Buffer.from(bytes).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
