/** All deployments of this node, and what may be done with them: one method per request. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { Deployment, type NodeServices } from "./deployment.ts";
import type { DeploymentRecord } from "./deployment-record.ts";
import { deploymentFolders, makeDeploymentFolders, makeFolder, removeDeploymentFolders } from "./folders.ts";
import { KeyedTurns } from "./keyed-turns.ts";
import { LogCollector } from "./log-collector.ts";
import { type ResolvedOptions, resolveOptions, type SupervisorOptions } from "./options.ts";
import { type SupervisorPaths, supervisorPaths } from "./paths.ts";
import { PortLeases } from "./port-leases.ts";
import { contextOf, defineProcess, notInRevision } from "./process-definition.ts";
import type { DeploymentState, Identity, JobResult } from "./protocol.ts";
import { replicaPortName } from "./rendering.ts";
import { RequestError } from "./request-error.ts";
import { type Revision, readRevision } from "./revision.ts";
import { type RevisionFiles, revisionFiles } from "./revision-files.ts";
import { RouteTable } from "./route-table.ts";
import { Runs } from "./runs.ts";
import { openRecord } from "./sealed-record.ts";
import { readJsonFile } from "./state-file.ts";
import { endProcessesOf, uidsInUse } from "./stragglers.ts";
import { leaseUid } from "./uid-leases.ts";
import { digestOf, writeConfigFiles, writeSecrets } from "./workload-files.ts";

export class Supervisor {
  readonly options: ResolvedOptions;
  readonly paths: SupervisorPaths;
  readonly logs: LogCollector;
  readonly routes: RouteTable;
  readonly #services: NodeServices;
  readonly #deployments = new Map<string, Deployment>();
  readonly #turns = new KeyedTurns();
  readonly #ports: PortLeases;
  readonly #revisions: RevisionFiles;

  constructor(options: SupervisorOptions) {
    this.options = resolveOptions(options);
    this.paths = supervisorPaths(options.home);
    const clean = (id: string, text: string): string => this.#deployments.get(id)?.clean(text) ?? text;
    this.logs = new LogCollector(this.paths, this.options.logLimits, clean, this.options.report);
    this.routes = new RouteTable(this.paths.routes);
    const leased = (): number[] => this.deployments.flatMap(({ record }) => Object.values(record.ports));
    this.#ports = new PortLeases(this.options.portRange, leased);
    this.#revisions = revisionFiles(options.home);
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
    await Promise.all(this.deployments.map((deployment) => deployment.saved.catch(() => {})));
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
      await deployment.saved;
      await deployment.stop();
      // Only root gives deployments uids of their own; any other supervisor shares its own with them.
      if (process.getuid?.() === 0) endProcessesOf(deployment.record.uid, deploymentId);
      await this.routes.deleteDeployment(deploymentId);
      removeDeploymentFolders(deployment.folders);
      this.logs.removeDeployment(deploymentId);
      // Last, so that a kill in between leaves a deployment that can be deleted again.
      await deployment.forget();
      this.#deployments.delete(deploymentId);
    });
  }

  /** Everything about one deployment. */
  state(deploymentId: string): DeploymentState {
    const deployment = this.get(deploymentId);
    const { ports, jobs, secretsDigest, filesDigest } = deployment.record;
    return {
      identity: identityOf(deployment),
      ports,
      processes: deployment.processStates(),
      jobs: Object.values(jobs).map(({ job, exitCode }) => ({ name: job.name, runKey: job.runKey, exitCode })),
      routes: this.routes.ofDeployment(deploymentId),
      has: { secrets: secretsDigest !== "", files: filesDigest !== "", package: deployment.record.package !== null },
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
    if (job === undefined) throw notInRevision("job", name, revisionName);
    return deployment.jobs.run(job, contextOf(revision));
  }

  /** Sets what is wanted of a process; does not wait for it. */
  putProcess(deploymentId: string, name: string, revisionName: string): Promise<void> {
    return this.#inTurn(deploymentId, async () => {
      const deployment = this.get(deploymentId);
      const revision = this.revision(deploymentId, revisionName);
      const definition = defineProcess(deployment.record, revision, name);
      const { ports, replicas, scalable } = definition.process;
      // The only copy of a scalable process has a stand-in while it restarts.
      const count = Math.max(scalable ? 2 : 1, replicas);
      const copies = Array.from({ length: count }, (_, replica) => replica);
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
    return readRevision(this.#revisions, deploymentId, revision);
  }

  /** One request about a deployment after the other. The next begins while this one's answer waits for the disk. */
  async #inTurn<T>(deploymentId: string, act: () => T | Promise<T>): Promise<T> {
    const result = await this.#turns.run(deploymentId, act);
    await this.#deployments.get(deploymentId)?.saved;
    return result;
  }

  #create(deploymentId: string): Deployment {
    const taken = new Set([...this.deployments.map(({ record }) => record.uid), ...uidsInUse()]);
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

  #leasePorts(deployment: Deployment, names: string[]): Promise<Record<string, number>> {
    return this.#ports.lease(deployment.record.ports, names, (ports) => deployment.save({ ports }));
  }

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

  #readRecords(): DeploymentRecord[] {
    let names: string[];
    try {
      names = readdirSync(this.paths.deployments).filter((name) => name.endsWith(".json"));
    } catch {
      return [];
    }
    return names.flatMap((name) => {
      try {
        return [openRecord(this.paths.sealingKey, readJsonFile(path.join(this.paths.deployments, name)))];
      } catch (error) {
        this.options.report(`${name} is not a deployment record and was left out: ${String(error)}`);
        return [];
      }
    });
  }
}

function identityOf({ record }: Deployment): Identity {
  return { deploymentId: record.deploymentId, uid: record.uid, home: record.home };
}
