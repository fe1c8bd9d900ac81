/** Jobs, files, secrets, sources and logs of a deployment (design.md §7, engine.md "Secrets"). */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SetupError } from "../../src/domain/setup-error.ts";
import type { NodeSupervisorClient } from "../../src/local/supervisor/client.ts";
import type { SupervisorError } from "../../src/local/supervisor/client-port.ts";
import { supervisorPaths } from "../../src/local/supervisor/paths.ts";
import { type RunningSupervisor, startSupervisor } from "../../src/local/supervisor/start.ts";
import {
  clientOf,
  eventually,
  isRoot,
  jobOf,
  noGateway,
  processOf,
  removeHome,
  scratchHome,
  workloadOf,
  writeRevision,
} from "../support/supervisor.ts";

const id = "dep_jobs";
const password = "correct-horse-battery";

describe("a deployment on this machine", () => {
  const home = scratchHome();
  let supervisor: RunningSupervisor;
  let client: NodeSupervisorClient;
  let folder: string;

  beforeAll(async () => {
    const overlays: string[] = [];
    const packages = {
      packageFolder: async (lock: string) => {
        if (lock !== "test/0.0.0") return "/usr";
        const why = "nothing of it is in the cache.";
        throw new SetupError("package-failed", { what: "test/0.0.0 is not installed", why, nextStep: "Install it." });
      },
      ensureOverlay: async (request: { folder: string; extraRequirements: string[] }) => {
        overlays.push(...request.extraRequirements);
        return request.folder;
      },
    };
    supervisor = await startSupervisor({ home, ...noGateway, packages, allowFileSources: true });
    client = clientOf(home);
    folder = (await client.putDeployment(id)).home;
    await client.putSecrets(id, { admin_password: password, database_host: "127.0.0.1" });
  });

  afterAll(async () => {
    await supervisor.stop({ stopDeployments: true });
    removeHome(home);
  });

  const runs = (file: string): number => readFileSync(file, "utf8").trim().split("\n").length;
  const counting = (name: string, more: string): string[] => [
    "sh",
    "-c",
    `echo run >> ${folder}/data/${name}; ${more}`,
  ];

  describe("jobs", () => {
    it("run once per run key, whoever asks and how often", async () => {
      writeRevision(home, id, "j1", workloadOf({ jobs: [jobOf("once", counting("once", "sleep 0.3; echo done"))] }));
      const together = await Promise.all([client.putJob(id, "once", "j1"), client.putJob(id, "once", "j1")]);
      expect(together.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
      const later = await client.putJob(id, "once", "j1");
      expect(later).toMatchObject({ exitCode: 0, alreadyDone: true, lastLines: ["done"] });
      expect(runs(`${folder}/data/once`)).toBe(1);
      const again = jobOf("once", counting("once", "echo done"), { runKey: "2" });
      writeRevision(home, id, "j2", workloadOf({ jobs: [again] }));
      expect(await client.putJob(id, "once", "j2")).toMatchObject({ exitCode: 0, alreadyDone: false });
      expect(runs(`${folder}/data/once`)).toBe(2);
    });

    it("run again after a failure, and hand over exit code and last lines", async () => {
      const lines = "for n in $(seq 100); do echo line $n; done; echo broken >&2; exit 9";
      writeRevision(home, id, "j3", workloadOf({ jobs: [jobOf("fails", counting("fails", lines))] }));
      const first = await client.putJob(id, "fails", "j3");
      expect(first).toMatchObject({ exitCode: 9, alreadyDone: false });
      expect(first.lastLines).toContain("broken");
      expect(first.lastLines).toContain("line 100");
      expect(first.lastLines.length).toBeLessThanOrEqual(40);
      await client.putJob(id, "fails", "j3");
      expect(runs(`${folder}/data/fails`)).toBe(2);
      const { jobs } = (await client.getDeployment(id)) ?? { jobs: [] };
      expect(jobs).toContainEqual({ name: "fails", runKey: "1", exitCode: 9 });
    });

    it("are known to the end however quickly it comes", async () => {
      const codes: (number | null)[] = [];
      for (let round = 0; round < 30; round++) {
        writeRevision(home, id, "quick", workloadOf({ jobs: [jobOf("quick", ["false"], { runKey: String(round) })] }));
        codes.push((await client.putJob(id, "quick", "quick")).exitCode);
      }
      expect(new Set(codes)).toEqual(new Set([1]));
    });

    it("end at their deadline and say so", async () => {
      const slow = jobOf("slow", ["sh", "-c", "echo begun; exec sleep 60"], { deadlineSeconds: 0.3 });
      writeRevision(home, id, "j4", workloadOf({ jobs: [slow] }));
      const result = await client.putJob(id, "slow", "j4");
      expect(result.exitCode).toBeNull();
      expect(result.lastLines).toEqual(["begun", "Ended by the supervisor: its deadline of 0.3 s had passed."]);
    });

    it("get secrets on standard input as JSON, never in argv, and none comes out in their lines", async () => {
      await client.putSecrets(id, { admin_password: `${password}"\\x`, database_host: "127.0.0.1" });
      const script = `import json,sys; print("got", json.load(sys.stdin)["password"], "from 127.0.0.1"); print(sys.argv)`;
      const job = jobOf("secret", ["python3", "-c", script], { stdin: '{"password":"{{secret:admin_password}}"}' });
      writeRevision(home, id, "j5", workloadOf({ jobs: [job], secrets: ["admin_password"] }));
      const { lastLines } = await client.putJob(id, "secret", "j5");
      expect(lastLines).toEqual(["got [secret] from 127.0.0.1", "['-c']"]);
      const inArgv = jobOf("argv", ["echo", "{{secret:admin_password}}"]);
      writeRevision(home, id, "j6", workloadOf({ jobs: [inArgv], secrets: ["admin_password"] }));
      await expect(client.putJob(id, "argv", "j6")).rejects.toThrow("Unknown reference {{secret:admin_password}}");
      await client.putSecrets(id, { admin_password: password, database_host: "127.0.0.1" });
    });

    it("say what is missing: no such job, no such revision, no such deployment", async () => {
      const refused = (work: Promise<unknown>) => work.catch((error: unknown) => error as SupervisorError);
      expect(await refused(client.putJob(id, "nothing", "j1"))).toMatchObject({ status: 404, code: "JOB_NOT_FOUND" });
      expect(await refused(client.putJob(id, "once", "none"))).toMatchObject({ code: "REVISION_NOT_FOUND" });
      expect(await refused(client.putJob("dep_none", "once", "j1"))).toMatchObject({ code: "DEPLOYMENT_NOT_FOUND" });
      expect(await refused(client.putJob(id, "../x", "j1"))).toMatchObject({ status: 400 });
      const absent = client.putPackage(id, { lock: "test/0.0.0", extraRequirements: [] });
      expect(await refused(absent)).toMatchObject({ status: 503, code: "PACKAGE_FAILED" });
    });
  });

  it("writes files with their references filled in, closed where they hold a secret", async () => {
    const { web } = await client.putPorts(id, ["web"]);
    expect(await client.putPorts(id, ["web", "other"])).toMatchObject({ web });
    await client.putPackage(id, { lock: "test/1.0.0", extraRequirements: [] });
    const content =
      "{{port:web}} {{dir:config}} {{dir:data}} {{dir:package}} {{secret-file:admin_password}} {{url:public}} {{size:workers}}";
    const files = [
      { path: "open.cfg", content, executable: false },
      { path: "below/closed.json", content: '{"p":"{{secret:admin_password}}"}', executable: false },
      { path: "run.sh", content: "#!/bin/sh\necho ran\n", executable: true },
    ];
    writeRevision(home, id, "f1", workloadOf({ files }), { publicUrl: "http://x.localhost" });
    await client.putFiles(id, "f1");
    const secretFile = `${folder}/secrets/admin_password`;
    expect(readFileSync(`${folder}/config/open.cfg`, "utf8")).toBe(
      `${web} ${folder}/config ${folder}/data /usr ${secretFile} http://x.localhost 1`,
    );
    expect(readFileSync(`${folder}/config/below/closed.json`, "utf8")).toBe(`{"p":"${password}"}`);
    const { uid } = await client.putDeployment(id);
    expect(statSync(`${folder}/config/below/closed.json`)).toMatchObject({ uid, mode: 0o100600 });
    expect(statSync(secretFile)).toMatchObject({ uid, mode: 0o100600 });
    expect(statSync(`${folder}/config/open.cfg`).mode & 0o777).toBe(0o640);
    // The app reads all of it and, where it has a uid of its own, can change nothing.
    const script = `cat ${folder}/config/open.cfg ${secretFile} >/dev/null && ${folder}/config/run.sh; echo x >> ${folder}/config/open.cfg`;
    writeRevision(home, id, "f2", workloadOf({ files, jobs: [jobOf("reads", ["sh", "-c", script])] }));
    const { lastLines, exitCode } = await client.putJob(id, "reads", "f2");
    expect(lastLines).toContain("ran");
    expect(exitCode).toBe(isRoot ? 2 : 0);
  });

  it("writes no file at all when one reference is unknown, and takes away what is no longer wanted", async () => {
    const files = (extra: string) => [{ path: "a.cfg", content: `new ${extra}`, executable: false }];
    writeRevision(home, id, "f3", workloadOf({ files: files("{{port:nothing}}") }));
    await expect(client.putFiles(id, "f3")).rejects.toThrow("Unknown reference {{port:nothing}}");
    expect(readFileSync(`${folder}/config/open.cfg`, "utf8")).toBeTruthy();
    writeRevision(home, id, "f4", workloadOf({ files: files("fine") }));
    await client.putFiles(id, "f4");
    expect(() => statSync(`${folder}/config/open.cfg`)).toThrow("ENOENT");
    expect(readFileSync(`${folder}/config/a.cfg`, "utf8")).toBe("new fine");
  });

  it("keeps its own files from everybody else", () => {
    const paths = supervisorPaths(home);
    expect(statSync(paths.root).mode & 0o777).toBe(0o700);
    expect(statSync(paths.socketFolder).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(paths.deployments, `${id}.json`)).mode & 0o777).toBe(0o600);
  });

  describe("git source", () => {
    const repository = mkdtempSync(path.join(os.tmpdir(), "onvera-git-"));
    const git = (...args: string[]): string =>
      execFileSync(
        "git",
        [
          "-c",
          "user.name=t",
          "-c",
          "user.email=t@example.com",
          "-c",
          "commit.gpgsign=false",
          "-c",
          "safe.directory=*",
          ...args,
        ],
        {
          cwd: repository,
          encoding: "utf8",
        },
      ).trim();
    const commit = (content: string): string => {
      writeFileSync(path.join(repository, "dags", "one.py"), content);
      git("add", ".");
      git("commit", "-q", "-m", "change");
      const head = git("rev-parse", "HEAD");
      // Git serves a repository from the disk to its owner only.
      if (isRoot) execFileSync("chown", ["-R", String(statSync(`${folder}/data`).uid), repository]);
      return head;
    };
    const revision = (name: string, url: string, subdirectory = "dags"): void => {
      const gitSource = { url, branch: "main", subdirectory, into: "dags", revision: name };
      writeRevision(home, id, name, workloadOf({ gitSource }));
    };

    beforeAll(() => {
      git("init", "-q", "-b", "main");
      mkdirSync(path.join(repository, "dags"));
    });

    afterAll(() => removeHome(repository));

    it("comes whole, as the deployment's own, and changes in one step", async () => {
      const first = commit("first");
      revision("g1", `file://${repository}`);
      expect(await client.postSource(id, "g1")).toEqual({ commit: first });
      const file = path.join(folder, "data", "dags", "dags", "one.py");
      expect(readFileSync(file, "utf8")).toBe("first");
      const { uid } = await client.putDeployment(id);
      expect(statSync(file).uid).toBe(uid);
      const second = commit("second");
      expect(await client.postSource(id, "g1")).toEqual({ commit: second });
      expect(readFileSync(file, "utf8")).toBe("second");
    });

    it("stays as it was when the new one cannot be had, and says why", async () => {
      revision("g2", `file://${repository}`, "no-such-folder");
      await expect(client.postSource(id, "g2")).rejects.toThrow("The repository has no folder no-such-folder.");
      revision("g3", `file://${repository}-missing`);
      await expect(client.postSource(id, "g3")).rejects.toMatchObject({ code: "SOURCE_FAILED" });
      expect(readFileSync(path.join(folder, "data", "dags", "dags", "one.py"), "utf8")).toBe("second");
    });

    it.each([
      ["http://example.com/x.git", "https"],
      ["ext::sh -c id", "https"],
      ["https://127.0.0.1/x.git", "never connected"],
      ["https://localhost:6443/x.git", "never connected"],
      ["https://169.254.169.254/latest", "never connected"],
      ["ssh://-oProxyCommand=id/x", "https"],
      ["git@[::1]:x", "https"],
      ["https://10.0.0.1/x.git", "private address"],
    ])("refuses %s", async (url, words) => {
      revision("g4", url);
      await expect(client.postSource(id, "g4")).rejects.toThrow(words);
    });
  });

  describe("logs", () => {
    it("follow from the last lines on without a gap, across a restart of the process", async () => {
      const script = "n=0; while [ $n -lt 30 ]; do n=$((n+1)); echo $$ $n; sleep 0.01; done; exit 1";
      writeRevision(home, id, "l1", workloadOf({ processes: [processOf("talk", ["sh", "-c", script])] }));
      await client.putProcess(id, "talk", "l1");
      const seen: number[] = [];
      const pids = new Set<string>();
      const abort = new AbortController();
      for await (const line of client.getLogs(id, { process: "talk", tail: 5, follow: true, signal: abort.signal })) {
        seen.push(line.seq);
        pids.add(line.text.split(" ")[0] ?? "");
        if (pids.size >= 2 && seen.length > 40) break;
      }
      abort.abort();
      expect(seen).toEqual(seen.map((_, index) => (seen[0] ?? 0) + index));
      await client.deleteProcess(id, "talk");
    });

    it("continue after a number, one process or all of them by time", async () => {
      const all: number[] = [];
      for await (const line of client.getLogs(id, { process: "talk", after: 10 })) all.push(line.seq);
      expect(all[0]).toBe(11);
      const merged: string[] = [];
      const processes = new Set<string>();
      for await (const line of client.getLogs(id, { tail: 60 })) {
        merged.push(line.at);
        processes.add(line.process);
      }
      expect(merged).toEqual([...merged].sort());
      expect(merged.length).toBe(60);
      expect(processes.size).toBeGreaterThan(1);
    });

    it("keep a bounded number of files, numbers going on and raw output given back", async () => {
      const script =
        "i=0; while [ $i -lt 40 ]; do head -c 1000000 /dev/zero | tr '\\\\0' x | fold -w 999; i=$((i+1)); done; sleep 60";
      writeRevision(home, id, "l2", workloadOf({ processes: [processOf("loud", ["sh", "-c", script])] }));
      await client.putProcess(id, "loud", "l2");
      const lines = async (): Promise<number[]> => {
        const found: number[] = [];
        for await (const line of client.getLogs(id, { process: "loud", tail: 3 })) found.push(line.seq);
        return found;
      };
      await eventually(lines, (found) => (found.at(-1) ?? 0) >= 40_000, 60);
      const paths = supervisorPaths(home);
      const used = Number(
        execFileSync("du", ["-sk", path.join(paths.logs, id, "loud")], { encoding: "utf8" }).split("\t")[0],
      );
      expect(used).toBeLessThan(40 * 1024);
      if (process.platform === "linux") {
        const raw = () =>
          Number(execFileSync("du", ["-sk", path.join(paths.spool, id)], { encoding: "utf8" }).split("\t")[0]);
        await eventually(raw, (kilobytes) => kilobytes < 20 * 1024);
      }
      await client.deleteProcess(id, "loud");
    });
  });
});
