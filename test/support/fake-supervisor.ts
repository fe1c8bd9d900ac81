/** A node's supervisor in memory: keeps what it is told, in order, and runs nothing. */
import type { SupervisorClient } from "../../src/local/supervisor/client-port.ts";
import type { DeploymentState } from "../../src/local/supervisor/protocol.ts";

export interface FakeSupervisor extends SupervisorClient {
  /** Every changing call since the last `forget()`: `putProcess web r2`. */
  readonly calls: string[];
  forget(): void;
  /** Jobs that end with exit code 1 from now on. */
  readonly failingJobs: Set<string>;
  /** Secrets last written, by deployment. */
  readonly secrets: Map<string, Record<string, string>>;
}

interface Kept {
  ports: Record<string, number>;
  processes: Map<string, string>;
  jobs: Map<string, string>;
  routes: Map<string, { port: string; mode: "open" | "closed" }>;
}

const FIRST_PORT = 42_000;

export function createFakeSupervisor(): FakeSupervisor {
  const deployments = new Map<string, Kept>();
  const secrets = new Map<string, Record<string, string>>();
  const failingJobs = new Set<string>();
  const calls: string[] = [];
  const note = (...words: string[]) => void calls.push(words.join(" "));
  const of = (id: string): Kept => {
    const kept = deployments.get(id) ?? { ports: {}, processes: new Map(), jobs: new Map(), routes: new Map() };
    deployments.set(id, kept);
    return kept;
  };
  const routeOwner = (host: string) => [...deployments.values()].find(({ routes }) => routes.has(host));
  const unused = (): never => {
    throw new Error("The fake supervisor has no such answer; nothing in these tests asks for it.");
  };

  return {
    calls,
    secrets,
    failingJobs,
    forget: () => calls.splice(0),
    status: async () => ({ deployments: [...deployments.keys()] }),
    putDeployment: async (id) => {
      note("putDeployment");
      of(id);
      return { deploymentId: id, uid: 60_001, home: `/nowhere/${id}` };
    },
    deleteDeployment: async (id) => {
      note("deleteDeployment");
      deployments.delete(id);
    },
    getDeployment: async (id) => {
      const kept = deployments.get(id);
      return kept === undefined ? null : stateOf(id, kept);
    },
    putSecrets: async (id, values) => {
      note("putSecrets");
      secrets.set(id, values);
    },
    putPorts: async (id, names) => {
      note("putPorts", ...names);
      of(id).ports = Object.fromEntries(names.map((name, index) => [name, FIRST_PORT + index]));
      return of(id).ports;
    },
    putPackage: async (_id, { lock }) => note("putPackage", lock),
    putFiles: async (_id, revision) => note("putFiles", revision),
    putJob: async (id, name, revision) => {
      note("putJob", name, revision);
      if (failingJobs.has(name)) {
        return { exitCode: 1, alreadyDone: false, durationMilliseconds: 1, lastLines: ["no such table"] };
      }
      of(id).jobs.set(name, revision);
      return { exitCode: 0, alreadyDone: false, durationMilliseconds: 1, lastLines: [] };
    },
    putProcess: async (id, name, revision) => {
      note("putProcess", name, revision);
      of(id).processes.set(name, revision);
    },
    deleteProcess: async (id, name) => {
      note("deleteProcess", name);
      of(id).processes.delete(name);
    },
    putRoute: async (host, { deploymentId, port }) => {
      note("putRoute", host);
      of(deploymentId).routes.set(host, { port, mode: "open" });
    },
    deleteRoute: async (host) => {
      note("deleteRoute", host);
      routeOwner(host)?.routes.delete(host);
    },
    putRouteMode: async (host, mode) => {
      const route = routeOwner(host)?.routes.get(host);
      if (route !== undefined) route.mode = mode;
    },
    postSource: async (_id, revision) => {
      note("postSource", revision);
      return { commit: "0".repeat(40) };
    },
    getHealth: unused,
    getMetrics: unused,
    getLogs: unused,
  };
}

function stateOf(id: string, kept: Kept): DeploymentState {
  return {
    identity: { deploymentId: id, uid: 60_001, home: `/nowhere/${id}` },
    ports: kept.ports,
    processes: [...kept.processes].map(([name, revision]) => ({ name, revision, wantedReplicas: 1, replicas: [] })),
    jobs: [...kept.jobs].map(([name, runKey]) => ({ name, runKey, exitCode: 0 })),
    routes: [...kept.routes].map(([host, route]) => ({ host, ...route })),
  };
}
