/** `onvera stop`: the control plane, then what it runs, then its database. Data stays; `onvera start` brings all of it back. */
import { setTimeout as wait } from "node:timers/promises";
import { runStep } from "../domain/progress.ts";
import { resolvePaths } from "../local/paths.ts";
import { stopEmbeddedPostgres } from "../local/postgres/embedded.ts";
import { createSupervisorClient } from "../local/supervisor/client.ts";
import { SupervisorError } from "../local/supervisor/client-port.ts";
import { supervisorPaths } from "../local/supervisor/paths.ts";
import { runningControlPlane } from "./run-record.ts";
import type { Verb } from "./verb.ts";

/** Running operations finish or hand over their lease within this time. */
const DRAIN_SECONDS = 60;

export const runStop: Verb = async (_options, io) => {
  const paths = resolvePaths();
  let stopped = 0;
  const plane = await runningControlPlane(paths);
  if (plane) {
    stopped += 1;
    await runStep(
      io.progress,
      { name: "stop-control-plane", message: "Stopping the control plane", estimateSeconds: 2 },
      async () => {
        process.kill(plane.pid, "SIGTERM");
        const deadline = Date.now() + DRAIN_SECONDS * 1000;
        while ((await runningControlPlane(paths))?.pid === plane.pid) {
          if (Date.now() > deadline) process.kill(plane.pid, "SIGKILL");
          await wait(50);
        }
      },
    );
  }
  const socket = supervisorPaths(paths.home).socket;
  if (await answers(socket)) {
    stopped += 1;
    await runStep(
      io.progress,
      { name: "stop-deployments", message: "Stopping what runs on this machine", estimateSeconds: 10 },
      async () => {
        await createSupervisorClient(socket).shutdown({ stopDeployments: true });
        while (await answers(socket)) await wait(50);
      },
    );
  }
  await runStep(
    io.progress,
    { name: "stop-database", message: "Stopping the database", estimateSeconds: 2 },
    async (step) => {
      if (await stopEmbeddedPostgres(paths)) stopped += 1;
      else step.done("No embedded database runs");
    },
  );
  io.out(stopped === 0 ? "Nothing was running.\n" : "Stopped. Data is kept; 'onvera start' brings everything back.\n");
  return 0;
};

async function answers(socket: string): Promise<boolean> {
  try {
    await createSupervisorClient(socket).status();
    return true;
  } catch (error) {
    return error instanceof SupervisorError && error.status !== 0;
  }
}
