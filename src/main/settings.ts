/** What an installation decided about itself once and keeps: ports, domain, node id. `<home>/settings.json`, mode 0600. */
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { z } from "zod";

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
 * Reads the settings, or decides and writes them on the first run.
 * @throws Error naming the file when it is not what this version writes
 */
export async function loadSettings(file: string): Promise<Settings> {
  const existing = readIfThere(file);
  if (existing !== undefined) {
    const parsed = Settings.safeParse(JSON.parse(existing));
    if (!parsed.success) {
      throw new Error(
        `${file} is not readable as settings: ${parsed.error.issues[0]?.message}. Mend it or move it away.`,
      );
    }
    return parsed.data;
  }
  const settings: Settings = { nodeId: randomUUID(), domain: "localhost", ...(await freePorts()) };
  saveSettings(file, settings);
  return settings;
}

/** Writes the settings so that a crash leaves the old or the new file, never half of one. */
export function saveSettings(file: string, settings: Settings): void {
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, file);
}

/** Chooses the gateway's ports anew: for a node whose URLs nobody knows yet. */
export async function moveGatewayPorts(file: string, settings: Settings): Promise<Settings> {
  const taken = [settings.apiPort, settings.gatewayHttpPort, settings.gatewayHttpsPort];
  const { gatewayHttpPort, gatewayHttpsPort } = await freePorts(taken);
  const moved = { ...settings, gatewayHttpPort, gatewayHttpsPort };
  saveSettings(file, moved);
  return moved;
}

/** Chooses the API's port anew: for an installation nobody has deployed to yet. */
export async function moveApiPort(file: string, settings: Settings): Promise<Settings> {
  const taken = [settings.apiPort, settings.gatewayHttpPort, settings.gatewayHttpsPort];
  const moved = { ...settings, apiPort: (await freePorts(taken)).apiPort };
  saveSettings(file, moved);
  return moved;
}

async function freePorts(notThese: readonly number[] = []): Promise<typeof preferredPorts> {
  const taken = new Set<number>(notThese);
  const chosen = { ...preferredPorts };
  for (const name of Object.keys(preferredPorts) as (keyof typeof preferredPorts)[]) {
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
