import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadSettings, moveApiPort, moveGatewayPorts } from "../../src/main/settings.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "onvera-settings-"));
  file = path.join(folder, "settings.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("an installation's settings", () => {
  it("are decided once, however many processes start at once on a fresh machine (ON-12)", async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => loadSettings(file)));
    expect(new Set(all.map(({ nodeId }) => nodeId)).size).toBe(1);
    expect(all).toEqual(all.map(() => all[0]));
    expect(readdirSync(folder)).toEqual(["settings.json"]);
  });

  it("move to other ports without undoing what another process moved meanwhile", async () => {
    const known = await loadSettings(file);
    const [api, gateway] = await Promise.all([moveApiPort(file, known), moveGatewayPorts(file, known)]);
    const now = await loadSettings(file);
    expect(now.apiPort).toBe(api.apiPort);
    expect(now.gatewayHttpPort).toBe(gateway.gatewayHttpPort);
    expect(now.apiPort).not.toBe(known.apiPort);
    expect(now.gatewayHttpPort).not.toBe(known.gatewayHttpPort);
    // Somebody who met the same taken port later follows the one who has moved.
    expect(await moveApiPort(file, known)).toEqual(now);
  });
});
