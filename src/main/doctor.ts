/** `onvera doctor`: what this machine has and lacks, each lack with the line that mends it. Exit code 1 when something is wrong. */
import { existsSync } from "node:fs";
import { resolvePaths } from "../local/paths.ts";
import * as checks from "./doctor-checks.ts";
import { settingsFile } from "./installation.ts";
import { loadSettings } from "./settings.ts";
import type { Verb } from "./verb.ts";

export const runDoctor: Verb = async (options, io) => {
  const paths = resolvePaths();
  const [plane, supervisor] = await Promise.all([checks.checkControlPlane(paths), checks.checkSupervisor(paths)]);
  // The first start chooses the ports; looking must not.
  const settings = existsSync(settingsFile(paths)) ? await loadSettings(settingsFile(paths)) : undefined;
  const running = { plane: plane.state !== "note", gateway: supervisor.state === "ok" };
  const findings = [
    checks.checkNode(),
    ...(await Promise.all([
      checks.checkPython(paths),
      checks.checkPulumi(paths),
      checks.checkPlugins(paths),
      checks.checkTool(
        "Go",
        "go",
        ["version"],
        "Only needed where the Pulumi CLI cannot be downloaded. Install it from https://go.dev",
      ),
      checks.checkTool("git", "git", ["--version"], "Only needed for DAGs from git: apt-get install git"),
      checks.checkDisk("Disk (data)", paths.home),
      checks.checkDisk("Disk (cache)", paths.cache),
    ])),
    checks.checkIsolation(paths.isRoot),
    ...(await checks.checkPorts(settings, running)),
    await checks.checkDatabase(paths),
    await checks.checkMail(process.env),
    supervisor,
    plane,
  ];
  if (options.output === "json") io.out(`${JSON.stringify(findings, null, 2)}\n`);
  else {
    const mark = { ok: "ok", note: "note", problem: "PROBLEM" };
    for (const { name, state, detail, fix } of findings) {
      io.out(`${mark[state].padEnd(9)}${name.padEnd(16)}${detail}\n`);
      if (fix) io.out(`${"".padEnd(25)}→ ${fix}\n`);
    }
    io.out(`\nData: ${paths.home}\nCache: ${paths.cache}\nLogs: ${paths.logs}, ${paths.postgres.logs}\n`);
  }
  return findings.some((finding) => finding.state === "problem") ? 1 : 0;
};
