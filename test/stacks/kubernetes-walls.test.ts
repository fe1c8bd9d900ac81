/** The walls of a deployment on Kubernetes, asserted of every manifest there is (docs/kubernetes.md). */
import { describe, expect, it } from "vitest";
import { deploymentId, gitSource, workload } from "./fixtures.ts";
import { manifestsOf, namespace, podSpecsOf, runOnCluster } from "./kubernetes-fixtures.ts";
import type { Recording } from "./recorder.ts";

const full = () => runOnCluster({ workload: workload({ gitSource }) });
const policy = (recording: Recording, name: string) =>
  manifestsOf(recording).find(({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name === name)?.spec;

describe("every object of a deployment", () => {
  it("stands in the deployment's own namespace and carries its mark (ON-30, R9)", async () => {
    const manifests = manifestsOf(await full());
    expect(manifests.length).toBeGreaterThan(15);
    for (const { kind, metadata } of manifests) {
      expect([kind, metadata.namespace]).toEqual([kind, kind === "Namespace" ? undefined : namespace]);
      expect(metadata.labels).toMatchObject({
        "onvera.dev/deployment": deploymentId,
        "app.kubernetes.io/name": "superset",
        "app.kubernetes.io/part-of": "onvera",
        "app.kubernetes.io/managed-by": "onvera",
        "app.kubernetes.io/component": expect.stringMatching(/^[a-z]/),
      });
    }
  });

  it("is of a kind that a namespace holds: nothing reaches the whole cluster (R9)", async () => {
    const kinds = new Set(manifestsOf(await full()).map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual([
      "Deployment",
      "Ingress",
      "Job",
      "LimitRange",
      "Namespace",
      "NetworkPolicy",
      "PersistentVolumeClaim",
      "PodDisruptionBudget",
      "ResourceQuota",
      "Secret",
      "Service",
      "ServiceAccount",
    ]);
  });
});

describe("the namespace", () => {
  it("lets in nothing that Pod Security's restricted rules refuse (R9)", async () => {
    const [own] = manifestsOf(await full()).filter(({ kind }) => kind === "Namespace");
    for (const mode of ["enforce", "audit", "warn"]) {
      expect(own?.metadata.labels[`pod-security.kubernetes.io/${mode}`]).toBe("restricted");
    }
  });

  it("is not waited for by the engine, whose slot it would hold: what holds a namespace is told by the destroy's last step (ON-46)", async () => {
    const [own] = manifestsOf(await full()).filter(({ kind }) => kind === "Namespace");
    expect(own?.metadata.annotations).toEqual({ "pulumi.com/skipAwait": "true" });
  });

  it("has a ceiling for all of it and for each container, and no way in of its own (R9)", async () => {
    const manifests = manifestsOf(await full());
    const quota = manifests.find(({ kind }) => kind === "ResourceQuota")?.spec.hard;
    expect(quota).toEqual({
      pods: "8",
      "requests.cpu": "8",
      "limits.cpu": "8",
      "requests.memory": "7Gi",
      "limits.memory": "10Gi",
      persistentvolumeclaims: "2",
      "requests.storage": "10Gi",
      "services.nodeports": "0",
      "services.loadbalancers": "0",
    });
    const limits = manifests.find(({ kind }) => kind === "LimitRange")?.spec.limits;
    expect(limits).toMatchObject([{ type: "Container", max: { cpu: "1", memory: "2Gi" } }]);
  });
});

describe("every pod", () => {
  it("runs as nobody's root, with no privilege, no token and a root it cannot write (R9)", async () => {
    const pods = podSpecsOf(await full());
    expect(pods.map(([name]) => name.replace(/-[0-9a-f]{8}$/, "")).sort()).toEqual([
      "job-init",
      "job-migrate",
      "job-package",
      "job-source",
      "web",
      "worker",
    ]);
    for (const [, pod] of pods) {
      expect(pod).toMatchObject({
        serviceAccountName: "app",
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: "RuntimeDefault" } },
      });
      for (const forbidden of ["hostNetwork", "hostPID", "hostIPC", "hostPath"]) {
        expect(JSON.stringify(pod)).not.toContain(forbidden);
      }
      for (const container of [...pod.containers, ...(pod.initContainers ?? [])]) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
        for (const word of ["cpu", "memory", "ephemeral-storage"]) {
          expect(container.resources.limits[word]).toMatch(/^[0-9]/);
          expect(container.resources.requests[word]).toMatch(/^[0-9]/);
        }
      }
    }
  });

  it("holds no secret in its command or environment, and reads them from files of its group (ON-16, R9)", async () => {
    const recording = await full();
    for (const [, pod] of podSpecsOf(recording)) {
      const text = JSON.stringify(pod);
      for (const secret of ["custody-secret-key", "-password-result", "postgresql://"])
        expect(text).not.toContain(secret);
      for (const volume of pod.volumes.filter((each) => "secret" in each)) {
        expect(volume.secret).toMatchObject({ defaultMode: 0o440 });
      }
    }
    const secrets = recording.resources.filter(({ type }) => type === "kubernetes:core/v1:Secret");
    expect(secrets.map(({ inputs }) => Object.keys(inputs.stringData as object))).toEqual([["secret"], ["secret"]]);
  });
});

describe("the account pods run as", () => {
  it("mounts no token, and no role names it (R9)", async () => {
    const manifests = manifestsOf(await full());
    expect(manifests.filter(({ kind }) => kind === "ServiceAccount")).toMatchObject([
      { metadata: { name: "app" }, automountServiceAccountToken: false },
    ]);
  });
});

describe("network policies", () => {
  it("deny everything both ways but for what is named (R9)", async () => {
    const recording = await full();
    expect(policy(recording, "default-deny")).toEqual({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
    const names = manifestsOf(recording).filter(({ kind }) => kind === "NetworkPolicy");
    expect(names.map(({ metadata }) => metadata.name).sort()).toEqual([
      "allow-database",
      "allow-dns",
      "allow-front-door",
      "allow-internet",
      "allow-own-pods",
      "default-deny",
    ]);
  });

  it("let the ingress controller, and nobody else outside, reach the front door's port alone (R9)", async () => {
    expect(policy(await full(), "allow-front-door")).toEqual({
      podSelector: {
        matchLabels: { "onvera.dev/deployment": deploymentId, "app.kubernetes.io/component": "web" },
      },
      policyTypes: ["Ingress"],
      ingress: [
        {
          from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ingress" } } }],
          ports: [{ protocol: "TCP", port: 8080 }],
        },
      ],
    });
  });

  it("open the database server's address and port, and no other private address (R9)", async () => {
    const recording = await full();
    expect(policy(recording, "allow-database")?.egress).toEqual([
      { to: [{ ipBlock: { cidr: "10.0.0.5/32" } }], ports: [{ protocol: "TCP", port: 5432 }] },
    ]);
    const byName = await runOnCluster({}, {}, { databaseHost: "db.example.com" });
    expect(policy(byName, "allow-database")?.egress).toEqual([
      {
        to: [
          { ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.0.0/16"] } },
          { ipBlock: { cidr: "::/0", except: ["fe80::/10"] } },
        ],
        ports: [{ protocol: "TCP", port: 5432 }],
      },
    ]);
  });

  it("open the private networks that the cluster's owner named, each at its port, and change nothing else (R9)", async () => {
    const privateNetworks = [{ cidr: "10.20.0.0/16" }, { cidr: "10.30.0.7/32", port: 443 }];
    const opened = await runOnCluster({}, { privateNetworks });
    expect(policy(opened, "allow-private-networks")?.egress).toEqual([
      { to: [{ ipBlock: { cidr: "10.20.0.0/16" } }] },
      { to: [{ ipBlock: { cidr: "10.30.0.7/32" } }], ports: [{ protocol: "TCP", port: 443 }] },
    ]);
    expect(policy(opened, "allow-internet")).toEqual(policy(await full(), "allow-internet"));
  });

  it("keep the metadata address and every private range out of the way to the internet (R9)", async () => {
    const spec = policy(await full(), "allow-internet") as { egress: { to: { ipBlock: { except: string[] } }[] }[] };
    const [rule] = spec.egress;
    expect(spec.egress).toHaveLength(1);
    expect(rule?.to[0]?.ipBlock.except).toEqual(
      expect.arrayContaining(["169.254.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]),
    );
    expect(rule?.to[1]?.ipBlock.except).toEqual(expect.arrayContaining(["fc00::/7", "fe80::/10"]));
  });
});
