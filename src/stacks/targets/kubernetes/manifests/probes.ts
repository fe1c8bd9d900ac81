/** A workload's probes as a container's. Pure. */
import type { input } from "@pulumi/kubernetes/types/index.js";
import type { Probe, WorkloadProcess } from "../../../../domain/workload.ts";
import { podPort, type RenderFacts, renderForPod } from "./pod-folders.ts";

export type PodProbe = input.core.v1.Probe;

/** How often a starting process is asked: a request costs little, a program some CPU. */
const STARTUP_PERIOD_SECONDS = { http: 2, heartbeat: 2, command: 10 } as const;

/** The three probes of a process; what the workload does not ask is left out. */
export function podProbes(
  process: WorkloadProcess,
  facts: RenderFacts & { host: string },
): Pick<input.core.v1.Container, "startupProbe" | "livenessProbe" | "readinessProbe"> {
  const { startup: own, liveness, readiness } = process;
  const first = own ?? liveness ?? readiness;
  return {
    // Until it has passed once the other two are not asked: a slow start is no reason for a restart.
    ...(first === undefined || first.startupGraceSeconds === 0 ? {} : { startupProbe: startup(first, facts) }),
    ...(liveness === undefined ? {} : { livenessProbe: probe(liveness, facts) }),
    ...(readiness === undefined ? {} : { readinessProbe: probe(readiness, facts) }),
  };
}

function probe(probed: Probe, facts: RenderFacts & { host: string }): PodProbe {
  return {
    ...question(probed, facts),
    periodSeconds: wholeSeconds(probed.periodSeconds),
    timeoutSeconds: wholeSeconds(probed.timeoutSeconds),
    failureThreshold: probed.failureThreshold,
  };
}

function startup(probed: Probe, facts: RenderFacts & { host: string }): PodProbe {
  const periodSeconds = STARTUP_PERIOD_SECONDS[probed.kind];
  const failureThreshold = Math.ceil(probed.startupGraceSeconds / periodSeconds) + probed.failureThreshold;
  return { ...probe(probed, facts), periodSeconds, failureThreshold };
}

/** Kubernetes counts in whole seconds, one at least. */
const wholeSeconds = (seconds: number): number => Math.max(1, Math.ceil(seconds));

function question(probed: Probe, facts: RenderFacts & { host: string }): PodProbe {
  switch (probed.kind) {
    case "http": {
      const path = renderForPod(probed.path ?? "/", facts);
      const port = podPort(facts.workload, probed.port ?? "");
      // Apps refuse requests for a host that is not theirs.
      return { httpGet: { path, port, httpHeaders: [{ name: "Host", value: facts.host }] } };
    }
    case "command":
      return { exec: { command: (probed.command ?? []).map((part) => renderForPod(part, facts)) } };
    case "heartbeat": {
      const age = wholeSeconds(Math.max(probed.periodSeconds, probed.timeoutSeconds));
      const script = `test $(($(date +%s) - $(stat -c %Y -- "$1"))) -le ${age}`;
      return { exec: { command: ["/bin/sh", "-c", script, "onvera", renderForPod(probed.path ?? "", facts)] } };
    }
  }
}
