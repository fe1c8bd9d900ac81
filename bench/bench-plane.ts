/** What every figure of the engine is measured on: one server, one control plane with one worker, and its peers. */
import { setTimeout as sleep } from "node:timers/promises";
import { raiseFence } from "../src/automation/operations/fence.ts";
import type { DeploymentSpec } from "../src/domain/deployment-spec.ts";
import { newId } from "../src/domain/ids.ts";
import type { ProgramInput } from "../src/domain/program-input.ts";
import { type ControlPlane, startControlPlane } from "../test/support/control-plane.ts";
import { benchSpec } from "../test/support/control-plane-rows.ts";
import { type ScratchPostgres, startScratchPostgres } from "../test/support/postgres.ts";

export interface BenchPlane {
  server: ScratchPostgres;
  plane: ControlPlane;
  /** Makes a deployment of ours and gives its id. */
  ready(spec: Partial<DeploymentSpec>): Promise<string>;
  /** Milliseconds from accept to the end of a first deploy. */
  timeCreate(spec: Partial<DeploymentSpec>): Promise<number>;
  /** Milliseconds from accept to the end of an update that changes nothing. */
  timeUpdate(deploymentId: string, spec: Partial<DeploymentSpec>): Promise<number>;
  /** A stack outside the control plane, on the same backend, with the same program. */
  peerStack(spec: Partial<DeploymentSpec>): Promise<PeerStack>;
  /** Lets warm runners load before the next run is timed. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

export interface BenchPlaneOptions {
  slots?: number;
  warmRunners?: number;
  /** A worker in a process of its own, as `onvera worker` is; two slots. */
  workerProcess?: boolean;
}

export interface PeerStack {
  name: string;
  program: ProgramInput;
  end(): Promise<void>;
}

const SETTLE_MILLISECONDS = 900;

/** Starts server, control plane and one worker. */
export async function startBenchPlane(options: BenchPlaneOptions = {}): Promise<BenchPlane> {
  const server = await startScratchPostgres({ maxConnections: 200 });
  const plane = await startControlPlane(server, { warmRunners: options.warmRunners ?? 2 });
  if (options.workerProcess) await plane.spawnWorker();
  else await plane.startWorker({ slots: options.slots ?? 2 });

  const ended = async (operationId: string) => {
    const operation = await plane.ended(operationId, 300);
    if (operation.status !== "succeeded") throw new Error(`A run failed: ${JSON.stringify(operation.error)}`);
  };
  const time = async (work: () => Promise<{ id: string }>) => {
    const start = performance.now();
    const { id } = await work();
    await ended(id);
    return performance.now() - start;
  };
  return {
    server,
    plane,
    async ready(spec) {
      const { deploymentId, operation } = await plane.deploy(spec);
      await ended(operation.id);
      return deploymentId;
    },
    timeCreate: (spec) => time(async () => (await plane.deploy(spec)).operation),
    timeUpdate: (deploymentId, spec) => time(() => plane.change(deploymentId, "deployment.update", spec)),
    async peerStack(spec) {
      const name = newId("deployment");
      const generation = await plane.store.asPlatform((db) =>
        raiseFence(db, { stackName: name, operationId: "bench", atLeast: 1 }),
      );
      const run = plane.providers.registerRun({
        operationId: "bench",
        generation,
        stackName: name,
        workDir: plane.folder,
      });
      return { name, program: programOf(name, spec, server.port), end: () => run.end() };
    },
    settle: () => sleep(SETTLE_MILLISECONDS).then(() => undefined),
    async stop() {
      await plane.stop();
      await server.stop();
    },
  };
}

function programOf(name: string, spec: Partial<DeploymentSpec>, databasePort: number): ProgramInput {
  return {
    identity: {
      deploymentId: name,
      organizationId: "org_bench",
      environmentId: "env_bench",
      name: "bench",
      appType: "bench",
      hostLabel: "bench-abc123",
    },
    spec: benchSpec(spec),
    revision: "1",
    workload: null,
    custody: {},
    context: {
      target: "local",
      databaseHost: "127.0.0.1",
      databasePort,
      templateDatabase: null,
      host: "bench-abc123.localhost",
      publicUrl: "http://bench-abc123.localhost",
    },
    options: { protect: true, adopt: {} },
  };
}
