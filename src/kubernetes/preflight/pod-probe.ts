/** One short-lived pod of a check: may run where Pod Security is `restricted`, and ends by itself. */

import { setTimeout as pause } from "node:timers/promises";
import type { V1Pod } from "@kubernetes/client-node";
import type { HostAndPort } from "../../domain/kubernetes-settings.ts";
import type { ClusterClient } from "../client.ts";

const DEADLINE_SECONDS = 60;
const NOBODY = 65_532;

/** Connects once; the apps' images have Python, others nc. */
const connectOnce = `if [ -x /opt/app/bin/python ]; then
  /opt/app/bin/python -c 'import os, socket; socket.create_connection((os.environ["PROBE_HOST"], int(os.environ["PROBE_PORT"])), 5).close()'
else nc -w 5 "$PROBE_HOST" "$PROBE_PORT" < /dev/null > /dev/null; fi`;

/** What a probe does; it succeeds when a connection is made, or when one stays impossible. */
export const probeScripts = {
  reaches: connectOnce,
  // A rule may take a moment to reach the node.
  isKeptOut: `for attempt in 1 2 3 4 5; do ( ${connectOnce} ) || exit 0; sleep 2; done; exit 1`,
} as const;

export interface Probe {
  name: string;
  namespace: string;
  image: string;
  script: keyof typeof probeScripts;
  address: HostAndPort;
}

/** The pod of a probe. */
export const probePod = ({ name, image, script, address }: Probe): V1Pod => ({
  metadata: { name, labels: { "app.kubernetes.io/managed-by": "onvera" } },
  spec: {
    restartPolicy: "Never",
    activeDeadlineSeconds: DEADLINE_SECONDS,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 0,
    securityContext: { runAsNonRoot: true, runAsUser: NOBODY, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name: "probe",
        image,
        imagePullPolicy: "IfNotPresent",
        command: ["sh", "-c", probeScripts[script]],
        env: [
          { name: "PROBE_HOST", value: address.host },
          { name: "PROBE_PORT", value: String(address.port) },
        ],
        resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { cpu: "500m", memory: "128Mi" } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
      },
    ],
  },
});

export type ProbeEnd = { ended: "succeeded" | "failed" } | { ended: "never"; why: string };

/** Runs the pod and waits for its end. @throws ClusterFailure */
export async function runProbe(client: ClusterClient, probe: Probe): Promise<ProbeEnd> {
  const { namespace, name } = probe;
  await client.ask("run a pod", ({ core }) => core.createNamespacedPod({ namespace, body: probePod(probe) }));
  const until = Date.now() + DEADLINE_SECONDS * 1000;
  for (;;) {
    const pod = await client.ask("show a pod", ({ core }) => core.readNamespacedPod({ namespace, name }));
    const phase = pod.status?.phase;
    if (phase === "Succeeded") return { ended: "succeeded" };
    if (phase === "Failed") {
      return pod.status?.reason === "DeadlineExceeded" ? { ended: "never", why: whyNot(pod) } : { ended: "failed" };
    }
    if (Date.now() > until) return { ended: "never", why: whyNot(pod) };
    const waiting = pod.status?.containerStatuses?.[0]?.state?.waiting?.reason ?? "";
    // It will not get better by waiting.
    if (/^(ErrImageNeverPull|ImagePullBackOff|InvalidImageName|CreateContainerConfigError)$/.test(waiting)) {
      return { ended: "never", why: whyNot(pod) };
    }
    await pause(500);
  }
}

function whyNot(pod: V1Pod): string {
  const waiting = pod.status?.containerStatuses?.[0]?.state?.waiting;
  const unscheduled = pod.status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
  const words = waiting?.message ?? unscheduled?.message ?? waiting?.reason ?? "it did not end in time";
  return words.slice(0, 300);
}
