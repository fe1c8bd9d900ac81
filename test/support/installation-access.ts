/** What a test sees of an installation beside the command line: its API, its database server, its processes. Product code is not asked. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { requestWith, type Subject } from "./conformance/subject.ts";
import type { Installation } from "./installation.ts";

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  body: any;
}

export interface InstallationAccess {
  /** Ports and domain, as the installation wrote them down. */
  settings: { apiPort: number; gatewayHttpPort: number; gatewayHttpsPort: number; domain: string };
  /** The local CA's certificate, PEM. */
  authority(): string;
  /** Sends a request to the API with this machine's key. @param path below /api/v1 */
  request: Subject["request"];
  /** Asks the API with this machine's key. @param to path below /api/v1 */
  call(method: string, to: string, options?: { body?: unknown; headers?: Record<string, string> }): Promise<Answer>;
  /** Asks the database server as the control plane's role, with the platform's sight of all rows. */
  query(text: string, values?: unknown[], database?: string): Promise<Record<string, unknown>[]>;
  /** A secret as the app's own processes read it. */
  appSecret(deploymentId: string, name: string): string;
  databasePort: number;
}

/** Opens the access; the control plane must have run once. */
export function accessTo({ folder }: Installation): InstallationAccess {
  const home = path.join(folder, "home");
  const secret = (name: string) => readFileSync(path.join(home, "secrets", name), "utf8").trim();
  const json = (...parts: string[]) => JSON.parse(readFileSync(path.join(home, ...parts), "utf8"));
  const settings = json("settings.json");
  const databasePort: number = json("postgres", "settings.json").port;
  const request: Subject["request"] = (method, path, options) =>
    fetch(`http://127.0.0.1:${settings.apiPort}/api/v1${path}`, requestWith(secret("cli-api-key"), method, options));
  return {
    settings,
    databasePort,
    appSecret: (id, name) => readFileSync(path.join(home, "deployments", id, "secrets", name), "utf8"),
    authority: () => readFileSync(path.join(home, "supervisor", "certificates", "authority.crt"), "utf8"),
    request,
    async call(method, to, { body, headers = {} } = {}) {
      const answer = await request(method, `/${to}`, { body, headers });
      return { status: answer.status, headers: answer.headers, body: await answer.json() };
    },
    async query(text, values = [], database = "onvera") {
      const client = new pg.Client({
        host: "127.0.0.1",
        port: databasePort,
        user: "onvera",
        password: secret("control-database"),
        options: "-c onvera.scope=platform",
        database,
      });
      await client.connect();
      try {
        return (await client.query(text, values)).rows;
      } finally {
        await client.end();
      }
    },
  };
}

/** Pids of the processes whose command line or environment names `text`; those of this test excepted (Linux). */
export function processesNaming(text: string): number[] {
  return pids().filter((pid) => ["cmdline", "environ"].some((part) => contents(pid, part).includes(text)));
}

/** A process's command line or environment, one entry each. */
export const entriesOf = (pid: number, part: "cmdline" | "environ"): string[] => contents(pid, part).split("\0");

const pids = (): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number);

function contents(pid: number, part: string): string {
  try {
    return readFileSync(`/proc/${pid}/${part}`, "utf8");
  } catch {
    return "";
  }
}
