/** One request to an app's HTTP API: bounded in time and size, no redirect followed, and errors that hold nothing of what was sent. */
import http from "node:http";
import https from "node:https";
import { rootCertificates } from "node:tls";
import { AppAccessError, type AppDoor } from "./app-access.ts";

export interface AppRequest {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  headers?: Record<string, string>;
  json?: unknown;
}

export interface AppAnswer {
  status: number;
  /** Parsed JSON; undefined where the answer is none. */
  body: unknown;
  /** What the app set, as a browser would send it back. */
  cookie: string;
}

const TIMEOUT_SECONDS = 20;
const MOST_BYTES = 8 * 1024 * 1024;
/** What an app or a proxy in front of it says when it cannot now. */
const busyStatuses: readonly number[] = [408, 425, 429, 502, 503, 504];

/**
 * Asks once.
 * @returns any answer but those that say "not now"
 * @throws AppAccessError `unreachable` or `busy`; the reason of the door's signal when that aborts
 */
export async function askApp(door: AppDoor, request: AppRequest): Promise<AppAnswer> {
  const answer = await exchange(door, request).catch((error: unknown) => {
    if (door.signal.aborted) throw door.signal.reason;
    const why = error instanceof Error ? error.message : String(error);
    throw new AppAccessError("unreachable", `The app does not answer at ${door.url}: ${why || "no details"}.`);
  });
  if (busyStatuses.includes(answer.status)) {
    throw new AppAccessError("busy", `The app cannot answer now: ${request.path.split("?")[0]} gave ${answer.status}.`);
  }
  return answer;
}

/** The error of an answer that is not what was asked for, in the app's own words without the administrator's password. */
export function refusal(door: AppDoor, wanted: string, { status, body }: AppAnswer): AppAccessError {
  const said = typeof body === "object" && body !== null ? JSON.stringify(body) : "";
  const words = said.replaceAll(door.password, "[secret]").slice(0, 300);
  return new AppAccessError("refused", `The app would not ${wanted}: it answered ${status} ${words}`.trimEnd());
}

/** The error of an app that does not take the administrator's password Onvera has. */
export function loginRefused({ username }: AppDoor): AppAccessError {
  const why = "the password was changed inside the app, or the account was deactivated";
  const message = `The app does not let its administrator '${username}' in: ${why}. Give it the password that 'onvera credentials' shows.`;
  return new AppAccessError("login", message);
}

function exchange(
  { url, signal, connectTo, authorities }: AppDoor,
  { method = "GET", path, headers, json }: AppRequest,
) {
  const { hostname, host, port, protocol } = new URL(url);
  const sent = json === undefined ? undefined : JSON.stringify(json);
  const options: https.RequestOptions = {
    method,
    host: connectTo?.host ?? hostname,
    port: connectTo?.port ?? (port === "" ? undefined : port),
    servername: hostname,
    ...(authorities !== undefined && { ca: [...rootCertificates, ...authorities] }),
    path,
    headers: {
      accept: "application/json",
      host,
      ...(sent !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(sent) }),
      ...headers,
    },
    // The limit is of the whole exchange: an app that sends a byte now and then must not hold a sync up.
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_SECONDS * 1000)]),
  };
  return new Promise<AppAnswer>((resolve, reject) => {
    const failed = (error: Error) =>
      reject(error.name === "AbortError" ? new Error(`no answer within ${TIMEOUT_SECONDS} s`) : error);
    const asked = (protocol === "https:" ? https : http).request(options, (answer) => {
      const parts: Buffer[] = [];
      let size = 0;
      answer.on("data", (part: Buffer) => {
        size += part.length;
        if (size > MOST_BYTES) asked.destroy(new Error(`an answer of more than ${MOST_BYTES} bytes`));
        else parts.push(part);
      });
      answer.on("error", failed);
      answer.on("end", () => {
        const cookie = (answer.headers["set-cookie"] ?? []).map((line) => line.split(";")[0]).join("; ");
        resolve({ status: answer.statusCode ?? 0, body: parsed(Buffer.concat(parts)), cookie });
      });
    });
    asked.on("error", failed);
    asked.end(sent);
  });
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
