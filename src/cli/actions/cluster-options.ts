/** Options that clusters and environments have in common: files that are sent, and addresses. */
import { readFile } from "node:fs/promises";
import { CliError, usageError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { type Invocation, list, text } from "../invocation.ts";

/** A file's text; `-` is standard input. @throws CliError exit 2 */
export async function contents(path: string): Promise<string> {
  try {
    return await readFile(path === "-" ? "/dev/stdin" : path, "utf8");
  } catch (cause) {
    throw new CliError(`${path} cannot be read.`, { exitCode: exitCodes.usage, cause });
  }
}

/** `host:port` of an option. @throws CliError exit 2 */
export function address(invocation: Invocation, name: string): { host: string; port: number } | undefined {
  const value = text(invocation, name);
  if (value === undefined) return undefined;
  const [, host, port] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(value) ?? [];
  if (host === undefined || port === undefined) {
    throw usageError(`'${value}' is not host:port.`, "For example: 10.0.0.5:5432");
  }
  return { host, port: Number(port) };
}

/** As `address` reads it. */
export const hostPort = ({ host, port }: { host: string; port: number }): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`;

interface Network {
  cidr: string;
  port?: number | undefined;
}

/** `cidr[:port]` of an option that may be given several times; undefined when it was not. @throws CliError exit 2 */
export function networks(invocation: Invocation, name: string): Network[] | undefined {
  const given = list(invocation, name);
  if (given.length === 0) return undefined;
  return given.map((value) => {
    const [, cidr, port] = /^([0-9a-fA-F.:]+\/\d{1,3})(?::(\d{1,5}))?$/.exec(value) ?? [];
    if (cidr === undefined) {
      throw usageError(`'${value}' is not cidr[:port].`, "For example: 10.20.0.0/16 or 10.30.0.7/32:443");
    }
    return { cidr, ...(port !== undefined && { port: Number(port) }) };
  });
}

/** As `networks` reads it. */
export const networkText = ({ cidr, port }: Network): string => (port === undefined ? cidr : `${cidr}:${port}`);
