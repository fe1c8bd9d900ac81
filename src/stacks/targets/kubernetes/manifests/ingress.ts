/** The way in: one host name, one front door. Pure. */
import { kubernetesNames } from "../../../../domain/kubernetes-names.ts";
import type { TargetContext } from "../../../../domain/program-input.ts";
import type { Workload } from "../../../../domain/workload.ts";
import { type ClusterFacts, metadataOf, withoutAwait } from "./facts.ts";
import { podPort } from "./pod-folders.ts";

export function ingress(facts: ClusterFacts) {
  const { context, place, workload } = facts;
  const { certificateIssuer } = place;
  const issuer: Record<string, string> =
    certificateIssuer === null ? {} : { "cert-manager.io/cluster-issuer": certificateIssuer };
  return {
    metadata: metadataOf(facts, kubernetesNames.ingress, "front-door", { ...withoutAwait, ...issuer }),
    spec: {
      ingressClassName: place.ingressClass,
      ...(isHttps(context) ? { tls: [certificate(context, certificateIssuer)] } : {}),
      rules: [
        {
          host: context.host,
          http: { paths: [{ path: "/", pathType: "Prefix", backend: { service: frontDoor(workload) } }] },
        },
      ],
    },
  };
}

const isHttps = ({ publicUrl }: TargetContext): boolean => publicUrl.startsWith("https://");

/** Without an issuer the ingress controller's default certificate serves, which is the domain's wildcard. */
const certificate = ({ host }: TargetContext, issuer: string | null) => ({
  hosts: [host],
  ...(issuer === null ? {} : { secretName: kubernetesNames.certificate }),
});

const frontDoor = (workload: Workload) => ({
  name: workload.frontDoor.process,
  port: { number: podPort(workload, workload.frontDoor.port) },
});
