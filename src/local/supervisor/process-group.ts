/** All copies of one process: brings what runs to what is wanted, one copy after the other. */
import type { ProcessDefinition } from "./deployment-record.ts";
import type { ProcessState } from "./protocol.ts";
import { Replica, type ReplicaHost, type ReplicaRun } from "./replica.ts";
import { digestOf } from "./workload-files.ts";

/** A copy that takes longer than this to become ready does not hold up the next one. */
const ROLL_LIMIT_MILLISECONDS = 120_000;

export class ProcessGroup {
  readonly name: string;
  readonly #hostFor: (group: ProcessGroup) => ReplicaHost;
  readonly #replicas = new Map<number, Replica>();
  /** Copies whose successor has their place: they run until it is ready, and then for as long as their work takes. */
  readonly #retiring = new Set<Replica>();
  /** How many runs still end, those of an earlier supervisor included. */
  #leaving = 0;
  #definition: ProcessDefinition;
  #turn: Promise<void> = Promise.resolve();
  #generation = 0;
  #changed = (): void => {};

  constructor(definition: ProcessDefinition, hostFor: (group: ProcessGroup) => ReplicaHost) {
    this.name = definition.process.name;
    this.#definition = definition;
    this.#hostFor = hostFor;
  }

  get definition(): ProcessDefinition {
    return this.#definition;
  }

  get replicas(): Replica[] {
    return [...this.#replicas.values()].sort((a, b) => a.index - b.index);
  }

  get wantedReplicas(): number {
    return this.#definition.stopped ? 0 : this.#definition.process.replicas;
  }

  /** Whether as many copies run as are wanted, each from the newest definition, and none of an earlier one beside them. */
  get upToDate(): boolean {
    if (this.#leaving > 0) return false;
    const replicas = this.replicas;
    const { fingerprint } = this.#definition;
    return replicas.length === this.wantedReplicas && replicas.every((replica) => replica.fingerprint === fingerprint);
  }

  /**
   * Takes over copies that run already, then starts what is missing.
   * @param leaving resolves when runs nobody wants any more have ended
   */
  begin(adopted: { replica: number; restarts: number; run: ReplicaRun }[], leaving: Promise<unknown>[]): void {
    for (const { replica, restarts, run } of adopted) this.#make(replica, restarts).start(run);
    for (const gone of leaving) void this.#whileLeaving(gone);
    this.apply(this.#definition);
  }

  /** Sets what is wanted. Resolves when it is so, or when something newer is wanted; most callers need not wait. */
  apply(definition: ProcessDefinition): Promise<void> {
    const mended = definition.fingerprint !== this.#definition.fingerprint;
    const askedOtherwise = digestOf(probesOf(definition)) !== digestOf(probesOf(this.#definition));
    this.#definition = definition;
    if (askedOtherwise && !mended) for (const replica of this.#replicas.values()) replica.probeAnew();
    if (mended) for (const replica of this.#replicas.values()) if (replica.run === undefined) replica.retryNow();
    const generation = ++this.#generation;
    this.#changed();
    this.#turn = this.#turn.then(() => this.#converge(generation));
    return this.#turn;
  }

  /** Ends all copies for good. */
  async stop(): Promise<void> {
    this.#generation++;
    this.#changed();
    const all = () => [...this.replicas, ...this.#retiring];
    await Promise.all(all().map((replica) => replica.stop()));
    await this.#turn;
    await Promise.all(all().map((replica) => replica.stop()));
    this.#replicas.clear();
  }

  /** Looks away and leaves all copies running. */
  release(): void {
    this.#generation++;
    for (const replica of [...this.#replicas.values(), ...this.#retiring]) replica.release();
    this.#changed();
  }

  /** A phase changed somewhere below. */
  noteChange(): void {
    this.#changed();
  }

  /** As callers see it. */
  state(): ProcessState {
    return {
      name: this.name,
      revision: this.#definition.context.revision,
      wantedReplicas: this.wantedReplicas,
      replicas: this.replicas.map((replica) => replica.state()),
    };
  }

  async #converge(generation: number): Promise<void> {
    const superseded = (): boolean => generation !== this.#generation;
    if (superseded()) return;
    const surplus = this.replicas.filter((replica) => replica.index >= this.wantedReplicas);
    await Promise.all(surplus.map((replica) => replica.stop()));
    for (const replica of surplus) this.#replicas.delete(replica.index);
    if (superseded()) return;
    const stale = this.replicas.filter(
      ({ fingerprint }) => fingerprint !== undefined && fingerprint !== this.#definition.fingerprint,
    );
    for (let index = 0; index < this.wantedReplicas; index++) {
      const replica = this.#replicas.get(index) ?? this.#make(index, 0);
      replica.start();
    }
    const standIn = await this.#standIn(stale, generation);
    for (const [position, replica] of stale.entries()) {
      if (superseded()) break;
      await this.#replace(replica);
      const last = position === stale.length - 1;
      if (!last || standIn !== undefined) await this.#ready(replica, generation);
    }
    if (standIn === undefined) return;
    await standIn.stop();
    this.#replicas.delete(standIn.index);
  }

  /**
   * A copy beside the only one, so that somebody answers while that one restarts at its own port, where others look for
   * it. Whatever is wanted next, the old copy works until this one does.
   */
  async #standIn(stale: Replica[], generation: number): Promise<Replica | undefined> {
    const { ports, scalable } = this.#definition.process;
    if (stale[0]?.phase !== "ready" || this.wantedReplicas !== 1 || !scalable || ports.length === 0) return undefined;
    const standIn = this.#make(this.wantedReplicas, 0);
    standIn.start();
    await this.#ready(standIn, generation);
    return standIn;
  }

  /**
   * A copy that holds ports, or must be the only one, ends before its successor starts. Any other copy works until its
   * successor is there.
   */
  async #replace(replica: Replica): Promise<void> {
    const { ports, scalable } = this.#definition.process;
    if (ports.length > 0 || !scalable) return replica.restart();
    this.#retiring.add(replica);
    const successor = this.#make(replica.index, 0);
    successor.start();
    const left = this.#ready(successor, this.#generation).then(() => replica.stop());
    await this.#whileLeaving(left);
    this.#retiring.delete(replica);
  }

  async #whileLeaving(gone: Promise<unknown>): Promise<void> {
    this.#leaving++;
    await gone;
    this.#leaving--;
    this.#changed();
  }

  #make(index: number, restarts: number): Replica {
    const replica = new Replica(index, this.#hostFor(this), restarts);
    this.#replicas.set(index, replica);
    return replica;
  }

  async #ready(replica: Replica, generation: number): Promise<void> {
    const deadline = Date.now() + ROLL_LIMIT_MILLISECONDS;
    while (replica.phase !== "ready" && generation === this.#generation && Date.now() < deadline) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

function probesOf({ process, context }: ProcessDefinition): unknown {
  return { liveness: process.liveness ?? null, readiness: process.readiness ?? null, host: context.host };
}
