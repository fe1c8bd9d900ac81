/** What a request body must be before anybody reads its fields: JSON, UTF-8, text that PostgreSQL can hold, not too deep. */
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { OnveraError } from "../../domain/errors.ts";
import type { ServerEnv } from "../caller.ts";

const MAX_BODY_BYTES = 1024 * 1024;
const MAX_DEPTH = 40;

function refuseTooLarge(): never {
  throw new OnveraError("PAYLOAD_TOO_LARGE", {
    message: `The request body is too large. At most ${MAX_BODY_BYTES} bytes are taken`,
  });
}

const limitStream = bodyLimit({ maxSize: MAX_BODY_BYTES, onError: refuseTooLarge });

/** Refuses bodies above 1 MiB. Where the length is told, the body is left alone: to open it as a stream costs more than to read it. */
export const limitBody: MiddlewareHandler<ServerEnv> = (c, next) => {
  const length = c.req.header("content-length");
  if (length === undefined || c.req.header("transfer-encoding") !== undefined) return limitStream(c, next);
  return Number(length) > MAX_BODY_BYTES ? refuseTooLarge() : next();
};

/** Checks the JSON body of a route that takes one. */
export const checkBody: MiddlewareHandler<ServerEnv> = async (c, next) => {
  const mediaType = (c.req.header("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (mediaType !== "application/json") throw new OnveraError("UNSUPPORTED_MEDIA_TYPE");
  const value = parseJson(await c.req.arrayBuffer());
  const fault = findFault(value);
  if (fault) throw new OnveraError("VALIDATION_ERROR", { message: fault.message, fields: [fault] });
  await next();
};

function parseJson(bytes: ArrayBuffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new OnveraError("VALIDATION_ERROR", { message: "The request body is not valid JSON", cause });
  }
}

/** Refuses addresses with characters no stored text can hold. */
export const checkAddress: MiddlewareHandler<ServerEnv> = async (c, next) => {
  const address = c.req.raw.url;
  if (/%00/.test(address) || !isDecodable(address)) {
    throw new OnveraError("INVALID_REQUEST", { message: "The address holds characters that are not valid text" });
  }
  await next();
};

function isDecodable(address: string): boolean {
  try {
    decodeURIComponent(address.replace(/\+/g, " "));
    return true;
  } catch {
    return false;
  }
}

interface Fault {
  pointer: string;
  message: string;
}

/** Walks without recursion: a body may be nested deeper than the stack. */
function findFault(body: unknown): Fault | undefined {
  const open: { value: unknown; pointer: string; depth: number }[] = [{ value: body, pointer: "", depth: 0 }];
  for (let entry = open.pop(); entry; entry = open.pop()) {
    const { value, pointer, depth } = entry;
    if (typeof value === "string" && !isStorable(value)) return unstorable(pointer);
    if (typeof value !== "object" || value === null) continue;
    if (depth >= MAX_DEPTH)
      return { pointer: "", message: `The request body is nested deeper than ${MAX_DEPTH} levels` };
    for (const [key, child] of Object.entries(value)) {
      if (!isStorable(key)) return unstorable(pointer);
      // The validator would drop such a key without a word.
      if (key === "__proto__") return { pointer: `${pointer}/${key}`, message: "The name __proto__ is not taken" };
      open.push({ value: child, pointer: `${pointer}/${escapePointer(key)}`, depth: depth + 1 });
    }
  }
  return undefined;
}

const unstorable = (pointer: string): Fault => ({
  pointer,
  message: "Text with a NUL character or half a surrogate pair cannot be stored",
});

/** JSON pointer (RFC 6901): `~` and `/` in a key are written `~0` and `~1`. */
export const escapePointer = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1");

// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what PostgreSQL refuses
const NUL = /\u0000/;
const isStorable = (text: string) => !NUL.test(text) && !/\p{Surrogate}/u.test(text);
