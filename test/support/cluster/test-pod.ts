/** Pods of tests, allowed everywhere: they meet Pod Security `restricted`. */
import { testImage } from "./rig-images.ts";

/** A pod of the test image. @param command what it runs; without one it sleeps */
export function testPod(name: string, command: string[] = ["sleep", "3600"], labels: Record<string, string> = {}) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: name, ...labels } },
    spec: {
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "main",
          image: testImage,
          command,
          resources: { requests: { cpu: "5m", memory: "8Mi" }, limits: { memory: "64Mi" } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
        },
      ],
    },
  };
}

/** A pod that answers `GET /busybox` on port 8080. */
export const webPod = (name: string) => testPod(name, ["httpd", "-f", "-p", "8080", "-h", "/bin"]);

/** A Service in front of the pod of that name. */
export const serviceOf = (name: string) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
});
