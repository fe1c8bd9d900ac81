/** All deployments of this node, and what may be done with them: one method per request. */
import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { sizes } from "../../domain/sizes.ts";
import { Deployment, type NodeServices } from "./deployment.ts";
import { DeploymentRecord, type ProcessDefinition, type RenderContext } from "./deployment-record.ts";
import { deploymentFolders, makeDeploymentFolders, makeFolder, removeDeploymentFolders } from "./folders.ts";
import { LogCollector } from "./log-collector.ts";
import { type ResolvedOptions, resolveOptions, type SupervisorOptions } from "./options.ts";
import { type SupervisorPaths, supervisorPaths } from "./paths.ts";
import { findPort } from "./port-leases.ts";
import { processUid, readProcesses } from "./process-table.ts";
import type { DeploymentState, Identity, JobResult } from "./protocol.ts";
import { replicaPortName } from "./rendering.ts";
import { RequestError } from "./request-error.ts";
import { type Revision, readRevision } from "./revision.ts";
import { RouteTable } from "./route-table.ts";
import { Runs } from "./runs.ts";
import { readJsonFile } from "./state-file.ts";
import { leaseUid } from "./uid-leases.ts";
import { digestOf, writeConfigFiles, writeSecrets } from "./workload-files.ts";

export class Supervisor {
  readonly options: ResolvedOptions;
  readonly paths: SupervisorPaths;
  readonly logs: LogCollector;
  readonly routes: RouteTable;
  readonly #services: NodeServices;
  readonly #deployments = new Map<string, Deployment>();
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: SupervisorOptions) {
    this.options = resolveOptions(options);
    this.paths = supervisorPaths(options.home);
    const clean = (id: string, text: string): string => this.#deployments.get(id)?.clean(text) ?? text;
    this.logs = new LogCollector(this.paths, this.options.logLimits, clean);
    this.routes = new RouteTable(this.paths.routes);
    const runs = new Runs(this.paths.runs, this.logs);
    this.#services = { options: this.options, paths: this.paths, logs: this.logs, runs };
  }

  get deployments(): Deployment[] {
    return [...this.#deployments.values()];
  }

  /** Reads what is wanted and brings it back: running processes are taken over, missing ones started. */
  begin(): void {
    const runs = this.#services.runs.list();
    for (const record of this.#readRecords())
      this.#deployments.set(record.deploymentId, new Deployment(record, this.#services));
    for (const deployment of this.deployments) {
      const { deploymentId } = deployment.record;
      makeDeploymentFolders(deployment.folders, deployment.owner);
      deployment.begin(runs.filter((run) => run.deploymentId === deploymentId));
    }
    for (const run of runs) {
      if (!this.#deployments.has(run.deploymentId)) this.#services.runs.adopt(run)?.process.killAll();
    }
  }

  /** Ends this supervisor's watching. @param stopDeployments whether the apps end as well */
  async end(stopDeployments: boolean): Promise<void> {
    if (stopDeployments) await Promise.all(this.deployments.map((deployment) => deployment.stop()));
    else for (const deployment of this.deployments) deployment.release();
    this.logs.close();
  }

  /** The deployment. @throws RequestError 404 when it is not here */
  get(deploymentId: string): Deployment {
    const deployment = this.#deployments.get(deploymentId);
    if (deployment === undefined) {
      throw new RequestError(404, "DEPLOYMENT_NOT_FOUND", `There is no deployment ${deploymentId} on this node.`);
    }
    return deployment;
  }

  /** Reserves uid and folders; repeating it mends them. */
  putDeployment(deploymentId: string): Promise<Identity> {
    return this.#inTurn(deploymentId, () => {
      const known = this.#deployments.get(deploymentId);
      const deployment = known ?? this.#create(deploymentId);
      makeDeploymentFolders(deployment.folders, deployment.owner);
      return identityOf(deployment);
    });
  }

  /** Stops everything, removes folders, releases uid, ports and routes; absent is fine. */
  deleteDeployment(deploymentId: string): Promise<void> {
    return this.#inTurn(deploymentId, async () => {
      const deployment = this.#deployments.get(deploymentId);
      if (deployment === undefined) return;
      // A supervisor killed from here on must not bring anything back.
      deployment.save({ processes: {}, jobs: {} });
      await deployment.stop();
      this.#endStragglers(deployment.record.uid);
      this.routes.deleteDeployment(deploymentId);
      removeDeploymentFolders(deployment.folders);
      this.logs.removeDeployment(deploymentId);
      // Last, so that a kill in between leaves a deployment that can be deleted again.
      rmSync(path.join(this.paths.deployments, `${deploymentId}.json`), { force: true });
      this.#deployments.delete(deploymentId);
    });
  }

  /** Everything about one deployment. */
  state(deploymentId: string): DeploymentState {
    const deployment = this.get(deploymentId);
    const { ports, jobs } = deployment.record;
    return {
      identity: identityOf(deployment),
      ports,
      processes: deployment.processStates(),
      jobs: Object.values(jobs).map(({ job, exitCode }) => ({ name: job.name, runKey: job.runKey, exitCode })),
      routes: this.routes.ofDeployment(deploymentId),
    };
  }

  /** Writes the secrets; from now on their values are taken out of logs. */
  putSecrets(deploymentId: string, secrets: Record<string, string>): Promise<void> {
    return this.#inTurn(deploymentId, () => {
      const deployment = this.get(deploymentId);
      writeSecrets(deployment.folders, deployment.owner, secrets);
      deployment.learnSecrets(secrets);
      deployment.save({ secretsDigest: digestOf(secrets) });
    });
  }

  /** Leases ports by name. A name keeps its port until the deployment is deleted. */
  putPorts(deploymentId: string, names: string[]): Promise<Record<string, number>> {
    return this.#inTurn(deploymentId, () => this.#leasePorts(this.get(deploymentId), names));
  }

  /** Finds the app's code and installs the deployment's additions. */
  putPackage(deploymentId: string, lock: string, extraRequirements: string[]): Promise<void> {
    return this.#inTurn(deploymentId, async () => {
      const deployment = this.get(deploymentId);
      const owner = process.getuid?.() === 0 ? deployment.owner : null;
      const folder = await this.#packageFolder(deployment, lock, extraRequirements, owner);
      deployment.save({ package: { lock, extraRequirements, folder } });
    });
  }

  /** Renders the configuration files of a revision. */
  putFiles(deploymentId: string, revisionName: string): Promise<void> {
    return this.#inTurn(deploymentId, () => {
      const deployment = this.get(deploymentId);
      const revision = this.revision(deploymentId, revisionName);
      const secrets = deployment.readSecrets();
      const facts = deployment.launcher.facts(revision, { secrets });
      const written = writeConfigFiles(revision.workload.files, facts, deployment.owner, deployment.record.files);
      deployment.save({ filesDigest: written.digest, files: written.paths });
    });
  }

  /** Runs a job of a revision and waits for its end. */
  async putJob(deploymentId: string, name: string, revisionName: string): Promise<JobResult> {
    const deployment = this.get(deploymentId);
    const revision = this.revision(deploymentId, revisionName);
    const job = revision.workload.jobs.find((each) => each.name === name);
    if (job === undefined) throw missing("job", name, revisionName);
    return deployment.jobs.run(job, contextOf(revision));
  }

  /** Sets what is wanted of a process; does not wait for it. */
  putProcess(deploymentId: string, name: string, revisionName: string): Promise<void> {
    return this.#inTurn(deploymentId, async () => {
      const deployment = this.get(deploymentId);
      const revision = this.revision(deploymentId, revisionName);
      const definition = this.#define(deployment, revision, name);
      const { ports, replicas } = definition.process;
      const copies = Array.from({ length: Math.max(1, replicas) }, (_, replica) => replica);
      await this.#leasePorts(
        deployment,
        ports.flatMap((port) => copies.map((replica) => replicaPortName(port.name, replica))),
      );
      deployment.setProcess(definition);
    });
  }

  /** Drains a process and forgets it; absent is fine. */
  deleteProcess(deploymentId: string, name: string): Promise<void> {
    return this.#inTurn(deploymentId, async () => this.#deployments.get(deploymentId)?.removeProcess(name));
  }

  /** A revision of a deployment. @throws RequestError 404 or 422 */
  revision(deploymentId: string, revision: string): Revision {
    return readRevision(this.paths.revisions, deploymentId, revision);
  }

  #define(deployment: Deployment, revision: Revision, name: string): ProcessDefinition {
    const process = revision.workload.processes.find((each) => each.name === name);
    if (process === undefined) throw missing("process", name, revision.revision);
    const { record } = deployment;
    const context = contextOf(revision);
    const { frontDoor, health } = revision.workload;
    const fingerprint = digestOf({
      ...{ command: process.command, env: process.env, ports: process.ports },
      ...{ shared: context.env, host: context.host, url: context.publicUrl, size: sizeOf(context.size) },
      ...{ files: record.filesDigest, secrets: record.secretsDigest, package: record.package?.folder ?? null },
      extra: record.package?.extraRequirements ?? [],
      restart: revision.restartToken,
    });
    return {
      process,
      context,
      stopped: revision.stopped,
      frontDoor: frontDoor.process === name ? { port: frontDoor.port, ...health } : null,
      fingerprint,
    };
  }

  #create(deploymentId: string): Deployment {
    const taken = new Set(this.deployments.map(({ record }) => record.uid));
    const record: DeploymentRecord = {
      deploymentId,
      ...leaseUid(this.paths.uids, taken, this.options.firstUid),
      home: path.join(this.paths.apps, deploymentId),
      ...{ ports: {}, package: null, secretsDigest: "", filesDigest: "", files: [], processes: {}, jobs: {} },
      sourceCommit: null,
    };
    const folders = deploymentFolders(record.home);
    // Other uids must reach their own folder through it, and not list the others'.
    makeFolder(this.paths.apps, 0o711, { uid: 0, gid: 0 }, "supervisor");
    makeDeploymentFolders(folders, record);
    const deployment = new Deployment(record, this.#services);
    deployment.save({});
    this.#deployments.set(deploymentId, deployment);
    return deployment;
  }

  async #leasePorts(deployment: Deployment, names: string[]): Promise<Record<string, number>> {
    const missingNames = [...new Set(names)].filter((name) => deployment.record.ports[name] === undefined);
    if (missingNames.length === 0) return deployment.record.ports;
    const ports = { ...deployment.record.ports };
    for (const name of missingNames) {
      const leased = new Set([
        ...this.deployments.flatMap(({ record }) => Object.values(record.ports)),
        ...this.#promised,
      ]);
      const port = await findPort(leased, this.options.portRange);
      this.#promised.add(port);
      ports[name] = port;
    }
    deployment.save({ ports });
    for (const port of Object.values(ports)) this.#promised.delete(port);
    return ports;
  }

  /** Chosen for one deployment and not yet on its record, while another is choosing. */
  readonly #promised = new Set<number>();

  async #packageFolder(
    deployment: Deployment,
    lock: string,
    extraRequirements: string[],
    owner: { uid: number; gid: number } | null,
  ): Promise<string> {
    const { packages } = this.options;
    if (extraRequirements.length === 0) return packages.packageFolder(lock);
    return packages.ensureOverlay({ lock, extraRequirements, folder: deployment.folders.overlay, owner });
  }

  /** A program of the deployment that hid from its session still runs under its uid. */
  #endStragglers(uid: number): void {
    if (process.getuid?.() !== 0 || uid < this.options.firstUid) return;
    for (const { pid } of readProcesses()) {
      if (processUid(pid) !== uid) continue;
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself between the look and the signal.
      }
    }
  }

  #readRecords(): DeploymentRecord[] {
    let names: string[];
    try {
      names = readdirSync(this.paths.deployments).filter((name) => name.endsWith(".json"));
    } catch {
      return [];
    }
    return names.flatMap((name) => {
      const parsed = DeploymentRecord.safeParse(readJsonFile(path.join(this.paths.deployments, name)));
      if (parsed.success) return [parsed.data];
      this.options.report(`${name} is not a deployment record and was left out: ${parsed.error.message}`);
      return [];
    });
  }

  /** Requests about one deployment come one after the other; others do not wait for them. */
  #inTurn<T>(deploymentId: string, act: () => T | Promise<T>): Promise<T> {
    const before = this.#turns.get(deploymentId) ?? Promise.resolve();
    const turn = before.then(act, act);
    const settled = turn.catch(() => {});
    this.#turns.set(deploymentId, settled);
    void settled.then(() => {
      if (this.#turns.get(deploymentId) === settled) this.#turns.delete(deploymentId);
    });
    return turn;
  }
}

function identityOf({ record }: Deployment): Identity {
  return { deploymentId: record.deploymentId, uid: record.uid, home: record.home };
}

function contextOf(revision: Revision): RenderContext {
  const { host, publicUrl, size } = revision;
  return { revision: revision.revision, host, publicUrl, size, env: revision.workload.env };
}

function sizeOf(size: string): unknown {
  return Object.entries(sizes).find(([name]) => name === size)?.[1] ?? null;
}

function missing(kind: string, name: string, revision: string): RequestError {
  return new RequestError(404, `${kind.toUpperCase()}_NOT_FOUND`, `Revision ${revision} has no ${kind} ${name}.`);
}
