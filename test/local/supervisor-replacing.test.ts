/** What a restart leaves behind: nothing, before anybody says that it is done (ON-24). */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { NodeSupervisorClient } from "../../src/local/supervisor/client.ts";
import { type RunningSupervisor, startSupervisor } from "../../src/local/supervisor/start.ts";
import {
  clientOf,
  echoServer,
  eventually,
  httpProbe,
  installProgram,
  isAlive,
  noGateway,
  processOf,
  removeHome,
  replicaOf,
  scratchHome,
  workloadOf,
  writeRevision,
} from "../support/supervisor.ts";

const id = "dep_replacing";
const home = scratchHome();
let supervisor: RunningSupervisor;
let client: NodeSupervisorClient;

/** Ends when asked to, once the file says that its work is done; a second request makes it give up its work. */
const busy = `
import os, signal, sys, time
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
while not (asked and os.path.exists(sys.argv[1])):
    if len(asked) > 1: os._exit(9)
    time.sleep(0.02)
`;

beforeAll(async () => {
  supervisor = await startSupervisor({ home, ...noGateway });
  client = clientOf(home);
  await client.putDeployment(id);
});

afterAll(async () => {
  await supervisor.stop({ stopDeployments: true });
  removeHome(home);
});

const copy = (name: string) => replicaOf(client, id, name);
const healthIs = (wanted: string) =>
  eventually(
    () => client.getHealth(id),
    ({ status }) => status === wanted,
  );

it("a restart is not over while a copy of before still ends: one polite signal, then patience (ON-24)", async () => {
  const done = path.join(home, "done");
  const server = installProgram(home, "echo.py", echoServer);
  const web = processOf("web", ["python3", server, "{{port:web}}"], { ports: [{ name: "web" }], readiness: httpProbe });
  const command = ["python3", installProgram(home, "busy.py", busy), done];
  const work = processOf("work", command, { scalable: true, gracePeriodSeconds: 60 });
  const apply = async (restartToken: string) => {
    writeRevision(home, id, `r${restartToken}`, workloadOf({ processes: [web, work] }), { restartToken });
    await client.putProcess(id, "web", `r${restartToken}`);
    await client.putProcess(id, "work", `r${restartToken}`);
  };
  await apply("1");
  await healthIs("healthy");
  const first = await copy("work");
  await apply("2");
  // Both successors answer; the copy before them has been asked to end and still works.
  await eventually(
    async () => [await copy("web"), await copy("work")],
    (copies) => copies.every((each) => each?.phase === "ready") && copies[1]?.pid !== first?.pid,
  );
  const meanwhile = await client.getHealth(id);
  expect({ status: meanwhile.status, alive: isAlive(first?.pid ?? 0) }).toEqual({ status: "starting", alive: true });
  writeFileSync(done, "");
  await healthIs("healthy");
  expect(isAlive(first?.pid ?? 0)).toBe(false);
  await client.deleteProcess(id, "work");
});
