/** The images of the apps hold what a pod of a deployment needs, and run under the strictest Pod Security. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { APP_IMAGE_FOLDER, APP_IMAGE_UID } from "../../src/domain/app-images.ts";
import { ensureAppImage, newestLocks } from "../support/cluster/app-image.ts";
import type { RunningCluster } from "../support/cluster/running-cluster.ts";
import { makeNamespace, type TestNamespace, testCluster } from "../support/cluster/test-cluster.ts";
import { testPod } from "../support/cluster/test-pod.ts";

let cluster: RunningCluster;
let namespace: TestNamespace;
const images = new Map<string, string>();

beforeAll(async () => {
  cluster = await testCluster();
  namespace = await makeNamespace(cluster, { "pod-security.kubernetes.io/enforce": "restricted" });
  for (const lock of newestLocks) images.set(lock, await ensureAppImage(cluster.place, lock, console.log));
});

afterAll(async () => {
  await namespace?.remove();
});

const script = `
id -u
git --version >/dev/null && echo git
"$FOLDER/bin/python" -c 'import importlib.metadata as m, sys; print(m.version(sys.argv[1]))' "$PACKAGE"
touch "$FOLDER/written" 2>/dev/null || echo read-only
ls "$FOLDER/share/onvera/bootstrap.py"
`;

test.each(newestLocks)("the image of %s runs as its own user on a read-only root (ON-28, R9)", async (lock) => {
  const image = images.get(lock);
  const [app = "", version] = lock.split("/");
  const { spec, ...rest } = testPod(app, ["sh", "-c", script]);
  const [container] = spec.containers;
  const env = [
    { name: "FOLDER", value: APP_IMAGE_FOLDER },
    { name: "PACKAGE", value: `apache-${app}` },
  ];
  const containers = [{ ...container, image, imagePullPolicy: "Never", env }];
  // Without a user in the pod's own words, the image's counts.
  const { runAsUser: _, ...securityContext } = spec.securityContext;
  await namespace.apply({ ...rest, spec: { ...spec, restartPolicy: "Never", securityContext, containers } });
  await namespace.kubectl(["wait", "--for=jsonpath={.status.phase}=Succeeded", `pod/${app}`, "--timeout=120s"]);
  const said = (await namespace.kubectl(["logs", app])).trim().split("\n");
  expect(said).toEqual([
    String(APP_IMAGE_UID),
    "git",
    version,
    "read-only",
    `${APP_IMAGE_FOLDER}/share/onvera/bootstrap.py`,
  ]);
});
