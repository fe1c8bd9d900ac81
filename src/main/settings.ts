/** What an installation decided about itself once and keeps: ports, domain, node id. `<home>/settings.json`, mode 0600. */
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { z } from "zod";
import { withLock } from "../local/lock-file.ts";

export const Settings = z.strictObject({
  nodeId: z.string(),
  /** Where the HTTP API listens, always on loopback unless a reverse proxy is put before it. */
  apiPort: z.number().int(),
  gatewayHttpPort: z.number().int(),
  gatewayHttpsPort: z.number().int(),
  /** Deployments answer at `<host_label>.<domain>`. */
  domain: z.string(),
});
export type Settings = z.infer<typeof Settings>;

/** The first free port at or after these is taken at first set-up and kept from then on. */
const preferredPorts = { apiPort: 7600, gatewayHttpPort: 7680, gatewayHttpsPort: 7643 };

/**
 * Reads the settings, or decides and writes them on the first run. Processes that start at once on a fresh machine get the
 * same ones: a worker with a node id of its own would wait for operations nobody asks it for.
 * @throws Error naming the file when it is not what this version writes
 */
export async function loadSettings(file: string): Promise<Settings> {
  return (
    readSettings(file) ??
    inTurn(file, async () => {
      const meanwhile = readSettings(file);
      if (meanwhile !== undefined) return meanwhile;
      const settings: Settings = { nodeId: randomUUID(), domain: "localhost", ...(await freePorts()) };
      saveSettings(file, settings);
      return settings;
    })
  );
}

/** Chooses the gateway's ports anew: for a node whose URLs nobody knows yet. */
export const moveGatewayPorts = (file: string, settings: Settings): Promise<Settings> =>
  move(file, settings, ["gatewayHttpPort", "gatewayHttpsPort"]);

/** Chooses the API's port anew: for an installation nobody has deployed to yet. */
export const moveApiPort = (file: string, settings: Settings): Promise<Settings> => move(file, settings, ["apiPort"]);

/**
 * Makes the ports of a restored installation fit this machine: a wanted one as it is, any other that is taken anew.
 * @param apiPort the API's, where one is wanted
 */
export async function adaptPorts(file: string, apiPort: number | undefined): Promise<void> {
  const settings = readSettings(file);
  if (settings === undefined) return;
  const adapted = { ...settings, ...(apiPort === undefined ? {} : { apiPort }) };
  const free = await freePorts([adapted.apiPort, adapted.gatewayHttpPort, adapted.gatewayHttpsPort]);
  for (const name of Object.keys(preferredPorts) as PortName[]) {
    const isWanted = name === "apiPort" && apiPort !== undefined;
    if (!isWanted && !(await isFree(adapted[name]))) adapted[name] = free[name];
  }
  saveSettings(file, adapted);
}

type PortName = keyof typeof preferredPorts;

/** @param known what the caller went by: where another process has moved meanwhile, its choice is taken over */
async function move(file: string, known: Settings, names: readonly PortName[]): Promise<Settings> {
  return inTurn(file, async () => {
    const current = readSettings(file) ?? known;
    if (names.some((name) => current[name] !== known[name])) return current;
    const free = await freePorts([current.apiPort, current.gatewayHttpPort, current.gatewayHttpsPort]);
    const moved = { ...current, ...Object.fromEntries(names.map((name) => [name, free[name]])) };
    saveSettings(file, moved);
    return moved;
  });
}

async function inTurn<T>(file: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  return withLock(`${file}.lock`, {}, work);
}

/** Written so that a crash leaves the old or the new file, never half of one. */
function saveSettings(file: string, settings: Settings): void {
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, file);
}

function readSettings(file: string): Settings | undefined {
  const existing = readIfThere(file);
  if (existing === undefined) return undefined;
  const parsed = Settings.safeParse(JSON.parse(existing));
  if (parsed.success) return parsed.data;
  throw new Error(`${file} is not readable as settings: ${parsed.error.issues[0]?.message}. Mend it or move it away.`);
}

async function freePorts(notThese: readonly number[] = []): Promise<typeof preferredPorts> {
  const taken = new Set<number>(notThese);
  const chosen = { ...preferredPorts };
  for (const name of Object.keys(preferredPorts) as PortName[]) {
    let port = preferredPorts[name];
    while (taken.has(port) || !(await isFree(port))) port += 1;
    taken.add(port);
    chosen[name] = port;
  }
  return chosen;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
