/** A control plane that cannot listen: it moves while nobody knows its address, and else ends at once with the reason. */

import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import path from "node:path";
import { afterEach, expect, it } from "vitest";
import { findFreePort } from "../../src/local/postgres/ports.ts";
import { deployBench, succeed, withTestApps } from "../support/bench-app.ts";
import { type Installation, makeInstallation } from "../support/installation.ts";

const installations: Installation[] = [];
const holders: Server[] = [];

afterEach(async () => {
  for (const holder of holders.splice(0)) await new Promise((resolve) => holder.close(resolve));
  for (const installation of installations.splice(0)) await installation.remove();
});

function make(environment: Record<string, string> = {}): Installation {
  const installation = makeInstallation({ ...withTestApps, ...environment });
  installations.push(installation);
  return installation;
}

function hold(port: number): Promise<void> {
  const holder = createServer();
  holders.push(holder);
  return new Promise((resolve, reject) => {
    holder.once("error", reject);
    holder.listen(port, "127.0.0.1", () => resolve());
  });
}

const settingsOf = ({ folder }: Installation) => {
  const file = path.join(folder, "home", "settings.json");
  return { file, settings: JSON.parse(readFileSync(file, "utf8")) as { apiPort: number } };
};

it("says at once who has a port that was set, and starts when it is free again (issue: port taken)", async () => {
  const port = await findFreePort();
  await hold(port);
  const installation = make({ ONVERA_API_PORT: String(port) });
  await succeed(installation, "setup");
  const started = Date.now();
  const refused = await installation.onvera(["start", "--background"]);
  expect({ code: refused.code, seconds: (Date.now() - started) / 1000 < 60 }).toEqual({ code: 1, seconds: true });
  expect(refused.stderr).toContain(`The API cannot listen on port ${port}: it is taken by`);
  expect(refused.stderr).toContain("set ONVERA_API_PORT to a free port, or unset it");
  expect((await installation.onvera(["status"])).stdout).toContain("Control plane  not running");
  await new Promise((resolve) => holders.pop()?.close(resolve));
  await succeed(installation, "start", "--background");
});

it("moves the API's port while nothing is deployed, and keeps it for deployments (issue: port taken)", async () => {
  const installation = make();
  await succeed(installation, "setup");
  const { file, settings } = settingsOf(installation);
  const taken = await findFreePort();
  await hold(taken);
  writeFileSync(file, JSON.stringify({ ...settings, apiPort: taken }));
  await succeed(installation, "start", "--background");
  const moved = settingsOf(installation).settings.apiPort;
  expect(moved).not.toBe(taken);
  await deployBench(installation, "known");
  await succeed(installation, "stop");
  await hold(moved);
  const refused = await installation.onvera(["start", "--background"]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(`The API cannot listen on port ${moved}`);
  expect(settingsOf(installation).settings.apiPort).toBe(moved);
});

it("two installations set up in the same second both come up (issue: port taken)", async () => {
  const both = [make(), make()];
  await Promise.all(both.map((each) => succeed(each, "start", "--background")));
  const [first, second] = both.map((each) => settingsOf(each).settings.apiPort);
  expect(first).not.toBe(second);
});
