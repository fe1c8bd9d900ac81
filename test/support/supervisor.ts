/** A supervisor for tests: scratch home, small real programs, revisions written by hand. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Workload, WorkloadJob, WorkloadProcess } from "../../src/domain/workload.ts";
import { createSupervisorClient, type NodeSupervisorClient } from "../../src/local/supervisor/client.ts";
import type { PackageResolver } from "../../src/local/supervisor/package-resolver.ts";
import { supervisorPaths } from "../../src/local/supervisor/paths.ts";
import type { RevisionFile } from "../../src/local/supervisor/protocol.ts";

export const isRoot = process.getuid?.() === 0;

/** A program the deployments' uids can read: the checkout itself may be closed to them. */
export function installProgram(home: string, name: string, content: string): string {
  const folder = path.join(home, "programs");
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  const file = path.join(folder, name);
  writeFileSync(file, content);
  chmodSync(file, 0o755);
  return file;
}

/** A home of its own that other uids can pass through. */
export function scratchHome(): string {
  const home = mkdtempSync(path.join(os.tmpdir(), "onvera-supervisor-"));
  chmodSync(home, 0o755);
  return home;
}

export const noPackages: PackageResolver = {
  packageFolder: async () => "/usr",
  ensureOverlay: async ({ folder }) => folder,
};

export const noGateway = { gateway: null, packages: noPackages, version: "test" } as const;

export const httpProbe = {
  kind: "http",
  path: "/health",
  port: "web",
  periodSeconds: 1,
  timeoutSeconds: 2,
  startupGraceSeconds: 20,
  failureThreshold: 3,
} as const;

/** A process with everything but its command filled in. */
export function processOf(name: string, command: string[], more: Partial<WorkloadProcess> = {}): WorkloadProcess {
  return {
    name,
    command,
    env: {},
    replicas: 1,
    scalable: false,
    ports: [],
    cpu: 1,
    memoryMegabytes: 128,
    gracePeriodSeconds: 5,
    ...more,
  };
}

/** A job with everything but its command filled in. */
export function jobOf(name: string, command: string[], more: Partial<WorkloadJob> = {}): WorkloadJob {
  return { name, command, env: {}, runKey: "1", phase: "bootstrapping_app", deadlineSeconds: 60, ...more };
}

export function workloadOf(more: Partial<Workload>): Workload {
  return {
    app: "test",
    version: "1.0.0",
    package: { lock: "test/1.0.0", extraRequirements: [] },
    files: [],
    env: {},
    secrets: [],
    jobs: [],
    processes: [],
    frontDoor: { process: "web", port: "web" },
    health: { path: "/health", expectStatus: 200 },
    ...more,
  };
}

/** Writes a revision as the worker would. */
export function writeRevision(
  home: string,
  deploymentId: string,
  revision: string,
  workload: Workload,
  more: Partial<RevisionFile> = {},
): void {
  const folder = path.join(supervisorPaths(home).revisions, deploymentId);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const host = `${deploymentId.replaceAll("_", "-")}.localhost`;
  const content: RevisionFile = {
    ...{ deploymentId, revision, host, publicUrl: `http://${host}`, appType: "bench", size: "small", stopped: false },
    ...{ restartToken: "", workload },
    ...more,
  };
  writeFileSync(path.join(folder, `${revision}.json`), JSON.stringify(content), { mode: 0o600 });
}

export function clientOf(home: string): NodeSupervisorClient {
  return createSupervisorClient(supervisorPaths(home).socket);
}

/** Asks until the answer is there, and fails with the last one when it does not come. */
export async function eventually<T>(
  ask: () => T | Promise<T>,
  accept: (value: T) => boolean,
  seconds = 20,
): Promise<T> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const value = await ask();
    if (accept(value)) return value;
    if (Date.now() > until)
      throw new Error(`It did not come about within ${seconds} s; last seen: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** The one copy of a process as the supervisor sees it. */
export async function replicaOf(client: NodeSupervisorClient, deploymentId: string, process: string, replica = 0) {
  const state = await client.getDeployment(deploymentId);
  return state?.processes.find(({ name }) => name === process)?.replicas.find((each) => each.replica === replica);
}

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !execFileSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" })
      .trim()
      .startsWith("Z");
  } catch {
    return false;
  }
};

/** Removes a scratch home. */
export function removeHome(home: string): void {
  if (existsSync(home)) rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** An HTTP server that answers what it was asked, in Python because that is what apps are written in. */
export const echoServer = `
import base64, hashlib, http.server, json, os, signal, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path == "/socket": return self.socket()
        if self.path == "/events": return self.events()
        if self.path == "/hang-up": return os._exit(3)
        received = len(self.rfile.read(int(self.headers.get("content-length", 0))))
        asked = {k.lower(): v for k, v in self.headers.items()}
        body = json.dumps({"pid": os.getpid(), "path": self.path, "received": received, "headers": asked}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("set-cookie", "session=1; Domain=localhost; Path=/")
        self.send_header("set-cookie", "other=2; HttpOnly")
        self.end_headers()
        self.wfile.write(body)
    do_POST = do_GET
    def events(self):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for n in range(1000):
            self.wfile.write(f"data: {n}\\n\\n".encode())
            self.wfile.flush()
            time.sleep(0.2)
    def socket(self):
        key = self.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("upgrade", "websocket")
        self.send_header("connection", "upgrade")
        self.send_header("sec-websocket-accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.close_connection = True
        while True:
            data = self.connection.recv(4096)
            if not data: return
            self.connection.sendall(b"echo:" + data)
    def log_message(self, *args): pass
class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    def handle_error(self, *args): pass
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
time.sleep(float(os.environ.get("SLOW_START", "0")))
print("listening", flush=True)
Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
`;
