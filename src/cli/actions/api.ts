/** `onvera api`: any request to the API, signed in, its answer as it is. */
import { readFile } from "node:fs/promises";
import { ApiError, problemOf } from "../api/problem.ts";
import { usageError } from "../errors.ts";
import { argument, type Invocation, isSet, text } from "../invocation.ts";

const METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"];

/** Exit code as any command's: an answer of 400 and above ends with its code. */
export async function run(invocation: Invocation): Promise<number | undefined> {
  const { io } = invocation;
  const method = argument(invocation, 0).toUpperCase();
  if (!METHODS.includes(method)) throw usageError(`'${method}' is no HTTP method.`, `There are: ${METHODS.join(", ")}`);
  const path = pathOf(argument(invocation, 1));
  const response = await invocation.api().raw(method, path, await bodyOf(invocation));
  if (isSet(invocation, "include")) {
    io.out(`HTTP ${response.status} ${response.statusText}\n`);
    for (const [name, value] of response.headers) io.out(`${name}: ${value}\n`);
    io.out("\n");
  }
  const content = await response.text();
  io.out(pretty(content));
  if (response.ok) return undefined;
  const { exitCode } = new ApiError(response.status, problemOf(parse(content)), undefined);
  return exitCode;
}

/** `/v1/…` and `deployments` mean the same as `/api/v1/…`. Another host is never asked: the key would go there. */
function pathOf(given: string): string {
  if (/^[a-z]+:\/\//i.test(given)) throw usageError("Give the path only, for example /api/v1/deployments.");
  const path = given.startsWith("/") ? given : `/${given}`;
  if (/^\/(api\/v1|healthz|readyz|metrics|\.well-known)(\/|\?|$)/.test(path)) return path;
  return path.startsWith("/v1/") ? `/api${path}` : `/api/v1${path}`;
}

async function bodyOf(invocation: Invocation): Promise<string | undefined> {
  const data = text(invocation, "data");
  if (data === undefined || !data.startsWith("@")) return data;
  const file = data.slice(1);
  try {
    return await readFile(file === "-" ? "/dev/stdin" : file, "utf8");
  } catch (error) {
    throw usageError(`--data @${file} cannot be read: ${(error as Error).message}`);
  }
}

function parse(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

function pretty(content: string): string {
  const value = parse(content);
  if (value === undefined) return content === "" || content.endsWith("\n") ? content : `${content}\n`;
  return `${JSON.stringify(value, null, 2)}\n`;
}
