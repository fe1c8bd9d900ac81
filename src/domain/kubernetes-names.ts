/** Names and labels of what a deployment has in a cluster, made in one place so that they can be computed again. */
import { createHash } from "node:crypto";

/** Carries the deployment's id on every object: the ownership mark of this kind of cluster. */
export const DEPLOYMENT_LABEL = "onvera.dev/deployment";

/** Everything of a deployment lives in a namespace of its own: `ov-<32 hex>`. */
export const namespaceName = (deploymentId: string): string =>
  `ov-${deploymentId.replace(/^dep_/, "").replaceAll("-", "")}`;

/** Objects a namespace has exactly one of. A process's Deployment and Service are called as the process is. */
export const kubernetesNames = {
  ingress: "front-door",
  certificate: "front-door-tls",
  secrets: "app-secrets",
  files: "app-files",
  data: "data",
  logs: "logs",
  quota: "deployment",
  limits: "defaults",
} as const;

/**
 * `job-<name>-<8 hex>`: another thing to do is another Job, and the same thing is never done twice.
 * @param digest what the job does, however it was hashed
 */
export const kubernetesJobName = (name: string, digest: string): string =>
  `job-${name}-${createHash("sha256").update(digest).digest("hex").slice(0, 8)}`;

/** What is true of a whole deployment, as labels. */
export interface LabelFacts {
  deploymentId: string;
  /** `superset`, `airflow`. */
  app: string;
}

/**
 * Labels of one object.
 * @param component the process, the job, or the part of the platform the object is
 */
export const kubernetesLabels = ({ deploymentId, app }: LabelFacts, component: string): Record<string, string> => ({
  [DEPLOYMENT_LABEL]: deploymentId,
  "app.kubernetes.io/name": app,
  "app.kubernetes.io/component": component,
  "app.kubernetes.io/part-of": "onvera",
  "app.kubernetes.io/managed-by": "onvera",
});
