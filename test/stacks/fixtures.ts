/** A deployment made by hand, with every feature a workload can have: exact tests do not move when an app module does. */
import { DeploymentSpec } from "../../src/domain/deployment-spec.ts";
import { ProgramInput } from "../../src/domain/program-input.ts";
import { Workload } from "../../src/domain/workload.ts";

export const deploymentId = "dep_01900000-0000-7000-8000-000000000001";
const bare = "01900000000070008000000000000001";
export const names = { database: `ov_${bare}`, owner: `ov_${bare}_owner`, a: `ov_${bare}_a`, b: `ov_${bare}_b` };

export const custody = { secret_key: "custody-secret-key", fernet_key: "custody-fernet-key" };

export const spec = (changes: Partial<DeploymentSpec> = {}): DeploymentSpec =>
  DeploymentSpec.parse({ version: "6.1.0", size: "small", power_state: "running", ...changes });

export const workload = (changes: Partial<Workload> = {}): Workload =>
  Workload.parse({
    app: "superset",
    version: "6.1.0",
    package: { lock: "superset/6.1.0", extraRequirements: ["pandas>=2"] },
    files: [{ path: "config.json", content: '{"url":"{{url:public}}","key":"{{secret:secret_key}}"}' }],
    env: { HOME_OF_APP: "{{dir:data}}" },
    secrets: ["secret_key", "admin_password", "database_url"],
    jobs: [
      job("migrate", "running_migrations", ["app", "migrate"]),
      job("init", "bootstrapping_app", ["app", "init"], '{"password":"{{secret:admin_password}}"}'),
    ],
    processes: [
      process("web", ["serve", "--port", "{{port:web}}"], ["web"]),
      process("worker", ["work", "--threads", "{{size:workers}}"], []),
    ],
    frontDoor: { process: "web", port: "web" },
    health: { path: "/health", expectStatus: 200 },
    ...changes,
  });

export const gitSource = {
  url: "https://example.org/dags.git",
  branch: "main",
  subdirectory: "",
  into: "dags",
  revision: "1",
};

export const input = (changes: Partial<ProgramInput> = {}): ProgramInput =>
  ProgramInput.parse({
    identity: {
      deploymentId,
      organizationId: "org_1",
      environmentId: "env_1",
      name: "My Superset",
      appType: "superset",
      hostLabel: "my-superset-abc123",
    },
    spec: spec(),
    revision: "r1",
    workload: workload(),
    custody,
    context: {
      target: "local",
      databaseHost: "127.0.0.1",
      databasePort: 5432,
      templateDatabase: "ovt_superset_6_1_0_0123456789",
      host: "my-superset-abc123.localhost",
      publicUrl: "http://my-superset-abc123.localhost:8080",
    },
    options: { protect: true, adopt: {} },
    ...changes,
  });

function job(name: string, phase: string, command: string[], stdin?: string): Workload["jobs"][number] {
  return { name, command, env: {}, stdin, runKey: "6.1.0", phase, deadlineSeconds: 600 };
}

function process(name: string, command: string[], ports: string[]): Workload["processes"][number] {
  return {
    name,
    command,
    env: {},
    replicas: 1,
    scalable: true,
    ports: ports.map((port) => ({ name: port })),
    cpu: 1,
    memoryMegabytes: 512,
    gracePeriodSeconds: 10,
  };
}
