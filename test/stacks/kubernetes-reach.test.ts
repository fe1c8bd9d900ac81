/** Who reaches whom, by evaluation of the policies two deployments of one cluster have. */
import { beforeAll, describe, expect, it } from "vitest";
import { kubernetesLabels, namespaceName } from "../../src/domain/kubernetes-names.ts";
import { allows, type End } from "../support/network-policies.ts";
import { input } from "./fixtures.ts";
import { type Manifest, manifestsOf, runOnCluster } from "./kubernetes-fixtures.ts";

const mine = "dep_01900000-0000-7000-8000-000000000001";
const theirs = "dep_01900000-0000-7000-8000-000000000002";
let policies: Manifest[];

beforeAll(async () => {
  const recordings = [];
  // One after the other: the engine's mocks are the process's own.
  for (const deploymentId of [mine, theirs]) {
    recordings.push(await runOnCluster({ identity: { ...input().identity, deploymentId } }));
  }
  policies = recordings.flatMap(manifestsOf).filter(({ kind }) => kind === "NetworkPolicy");
});

const pod = (deploymentId: string, component: string): End => ({
  namespace: namespaceName(deploymentId),
  labels: kubernetesLabels({ deploymentId, app: "superset" }, component),
});
const dns: End = { namespace: "kube-system", labels: { "k8s-app": "kube-dns" } };
const controller: End = { namespace: "ingress", labels: { app: "traefik" } };
const at = (address: string): End => ({ address });
const reaches = (from: End, to: End, port: number, protocol: "TCP" | "UDP" = "TCP") =>
  allows(policies, { from, to, port, protocol });

describe("a pod of a deployment", () => {
  it.each<[string, End, number, "TCP" | "UDP"]>([
    ["names", dns, 53, "UDP"],
    ["names, when the answer is long", dns, 53, "TCP"],
    ["names, where their server's pods may bind no low port", dns, 5353, "UDP"],
    ["its database server", at("10.0.0.5"), 5432, "TCP"],
    ["another pod of its deployment", pod(mine, "web"), 8080, "TCP"],
    ["the internet", at("151.101.0.223"), 443, "TCP"],
    ["the internet by IPv6", at("2a04:4e42::223"), 443, "TCP"],
  ])("reaches %s (R9)", (_what, to, port, protocol) => {
    expect(reaches(pod(mine, "worker"), to, port, protocol)).toBe(true);
  });

  it.each<[string, End, number]>([
    ["a neighbour's pod", pod(theirs, "web"), 8080],
    ["a pod of the cluster itself", { namespace: "kube-system", labels: { app: "metrics" } }, 443],
    ["the ingress controller", controller, 8443],
    ["names' server at another port", dns, 9153],
    ["the cloud's metadata", at("169.254.169.254"), 80],
    ["the cloud's metadata by IPv6", at("fd00:ec2::254"), 80],
    ["the API server", at("10.96.0.1"), 443],
    ["a node", at("192.168.1.10"), 10_250],
    ["another port of the database server", at("10.0.0.5"), 22],
    ["another private address", at("172.20.3.4"), 5432],
    ["its node's loopback", at("127.0.0.1"), 10_255],
  ])("does not reach %s (R9)", (_what, to, port) => {
    for (const component of ["web", "worker", "job-init"]) expect(reaches(pod(mine, component), to, port)).toBe(false);
  });
});

describe("a deployment's pods", () => {
  it("are reached by the ingress controller at the front door's port, and by nobody else outside (R9)", () => {
    expect(reaches(controller, pod(mine, "web"), 8080)).toBe(true);
    expect(reaches(controller, pod(mine, "web"), 22)).toBe(false);
    expect(reaches(controller, pod(mine, "worker"), 8080)).toBe(false);
    expect(reaches({ namespace: "default", labels: {} }, pod(mine, "web"), 8080)).toBe(false);
    expect(reaches(at("10.0.0.77"), pod(mine, "web"), 8080)).toBe(false);
    expect(reaches(pod(theirs, "web"), pod(mine, "web"), 8080)).toBe(false);
  });
});
