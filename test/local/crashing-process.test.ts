/** An app whose process ends again and again: its operation ends with the reason, and the app comes up once that is gone. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { waitUntilHealthy } from "../../src/automation/targets/local/wait-ready.ts";
import { StepFailure } from "../../src/automation/worker/target-driver.ts";
import type { NodeSupervisorClient } from "../../src/local/supervisor/client.ts";
import { type RunningSupervisor, startSupervisor } from "../../src/local/supervisor/start.ts";
import {
  clientOf,
  echoServer,
  eventually,
  httpProbe,
  installProgram,
  noGateway,
  processOf,
  removeHome,
  replicaOf,
  scratchHome,
  workloadOf,
  writeRevision,
} from "../support/supervisor.ts";

const id = "dep_crashing";
const home = scratchHome();
let supervisor: RunningSupervisor;
let client: NodeSupervisorClient;

beforeAll(async () => {
  const backoff = { initialMilliseconds: 50, factor: 2, maxMilliseconds: 60_000, stableMilliseconds: 60_000 };
  supervisor = await startSupervisor({ home, ...noGateway, backoff });
  client = clientOf(home);
  await client.putDeployment(id);
});
afterAll(async () => {
  await supervisor.stop({ stopDeployments: true });
  removeHome(home);
});

async function apply(revision: string, command: string[]): Promise<void> {
  const web = processOf("web", command, { ports: [{ name: "web" }], readiness: httpProbe });
  writeRevision(home, id, revision, workloadOf({ processes: [web] }));
  await client.putProcess(id, "web", revision);
}

const whenHealthy = () =>
  waitUntilHealthy(client, id, {
    signal: new AbortController().signal,
    say: () => undefined,
    phase: () => undefined,
    checkLease: async () => undefined,
  });

it("names the process, how it ends and its last lines, instead of waiting for it (NH-09, issue: PROCESS_CRASHES)", async () => {
  const program = installProgram(home, "broken.py", "import sys; sys.exit('Unknown option in GUNICORN_CMD_ARGS')\n");
  await apply("r1", ["python3", program]);
  const failed = await whenHealthy().catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(StepFailure);
  const { error } = failed as StepFailure;
  expect(error).toMatchObject({ code: "PROCESS_CRASHES", owner: "customer", retryable: false });
  expect(error.message).toMatch(/^The process 'web' keeps ending \(.*1.*, \d+ restarts\)\.$/);
  expect(error.last_log_lines).toContain("Unknown option in GUNICORN_CMD_ARGS");
});

it("comes up with the next change, which does not wait for the long pause after so many ends (NH-09)", async () => {
  await apply("r2", ["python3", installProgram(home, "echo.py", echoServer), "{{port:web}}"]);
  const replica = await eventually(
    () => replicaOf(client, id, "web"),
    (each) => each?.phase === "ready",
  );
  expect(replica?.pid).toBeGreaterThan(0);
});
