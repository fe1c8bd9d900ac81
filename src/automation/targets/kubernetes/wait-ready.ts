/** Waiting for a rollout outside Pulumi, by watches: whoever cannot start is told with the cause, and no engine slot is held. */
import { failure } from "../../../domain/failures.ts";
import { kubernetesNames, namespaceName } from "../../../domain/kubernetes-names.ts";
import type { ClusterClient } from "../../../kubernetes/client.ts";
import { untilNamespace } from "../../../kubernetes/namespace-view.ts";
import { lastLogLines, secretValues } from "../../../kubernetes/pod-logs.ts";
import { createScrubber } from "../../scrub.ts";
import { StepFailure, type StepIo } from "../../worker/target-driver.ts";
import { createTroubleClock, graceSeconds, troubleError } from "./give-up.ts";
import { type PublicAddress, untilReachable } from "./public-address.ts";
import { jobTroubles, type RolloutTrouble, rolloutVerdict } from "./rollout.ts";
import { type ClusterIo, waitOptions } from "./waits.ts";

const LAST_LINES = 20;
const REACHABLE_SECONDS = 240;

/**
 * Resolves when every process of the newest revision runs and is ready, and none of an older one is left.
 * @throws StepFailure naming the process that cannot start, the cause and its last lines
 */
export async function waitUntilRolledOut(
  client: ClusterClient,
  deploymentId: string,
  processes: readonly string[],
  io: ClusterIo,
): Promise<void> {
  io.phase("checking_health");
  const namespace = namespaceName(deploymentId);
  const clock = createTroubleClock(() => performance.now());
  let said = "";
  const { trouble } = await untilNamespace<{ trouble?: RolloutTrouble }>(client, waitOptions(namespace, io), (view) => {
    const verdict = rolloutVerdict(view, processes);
    if (verdict.state === "ready") return {};
    if (verdict.message !== said) io.say(verdict.message);
    said = verdict.message;
    const lasting = clock.tooLong(verdict.troubles);
    return lasting && { trouble: lasting };
  });
  if (trouble !== undefined) throw await notStarted(client, namespace, trouble);
}

/**
 * Watches the Jobs of a run of the engine, which only waits for their end.
 * @returns the error of a Job whose pod cannot start; never resolves otherwise until the signal aborts
 */
export async function watchJobs(
  client: ClusterClient,
  deploymentId: string,
  signal: AbortSignal,
): Promise<StepFailure> {
  const namespace = namespaceName(deploymentId);
  const clock = createTroubleClock(() => performance.now(), { ...graceSeconds, unschedulable: 90 });
  const trouble = await untilNamespace(client, { namespace, signal }, (view) => clock.tooLong(jobTroubles(view)));
  return notStarted(client, namespace, trouble);
}

/** Resolves when the deployment answers at its public host (ON-35, ON-44). @throws StepFailure ADDRESS_UNREACHABLE */
export async function waitUntilReachable(address: PublicAddress, io: StepIo): Promise<void> {
  io.phase("configuring_subdomain");
  const answer = await untilReachable(address, {
    signal: io.signal,
    limitSeconds: REACHABLE_SECONDS,
    say: (message) => io.say(message),
  });
  if (answer.ok) return;
  const message = `The application runs, and ${address.url} does not answer as it should: ${answer.detail}.`;
  throw new StepFailure(failure("ADDRESS_UNREACHABLE", message));
}

async function notStarted(client: ClusterClient, namespace: string, trouble: RolloutTrouble): Promise<StepFailure> {
  const { pod, container, previous = false } = trouble;
  if (pod === undefined || container === undefined) return new StepFailure(troubleError(trouble, []));
  const name = { namespace, pod, container };
  const scrubber = createScrubber(await secretValues(client, namespace, kubernetesNames.secrets));
  const before = previous ? await lastLogLines(client, { ...name, previous: true }, LAST_LINES) : [];
  const lines = before.length > 0 ? before : await lastLogLines(client, { ...name, previous: false }, LAST_LINES);
  return new StepFailure(troubleError(trouble, lines.map(scrubber.text)));
}
