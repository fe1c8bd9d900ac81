/** A git server of our own: https on loopback, a certificate of its own authority, the real git behind it. */
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createAuthority, issueLeaf, toPem } from "../../src/local/certificates/certificate.ts";

export interface GitServer {
  /** `https://localhost:<port>/dags.git`. */
  url: string;
  port: number;
  /** File of the certificate that vouches for it. */
  authorityFile: string;
  /** Makes a commit with these files on `main`. @param files path to content */
  commit(files: Record<string, string>): void;
  close(): Promise<void>;
}

/** Somewhere else than loopback, with a certificate that others trust. */
export interface ServerPlace {
  address: string;
  /** PEM. */
  key: string;
  certificate: string;
}

/** Starts it with an empty repository. @param place on loopback, with an authority of its own, when left out */
export async function startGitServer(place?: ServerPlace): Promise<GitServer> {
  const folder = mkdtempSync(path.join(tmpdir(), "onvera-git-"));
  chmodSync(folder, 0o711);
  const authority = createAuthority("Test authority", "localhost", new Date());
  const leaf = issueLeaf(authority, "localhost", new Date());
  const authorityFile = path.join(folder, "authority.crt");
  writeFileSync(authorityFile, toPem(authority.certificate), { mode: 0o644 });

  const work = path.join(folder, "work");
  const git = (cwd: string, ...args: string[]) =>
    execFileSync("git", ["-c", "user.name=Test", "-c", "user.email=test@example.org", ...args], { cwd, stdio: "pipe" });
  git(folder, "init", "--quiet", "--bare", "--initial-branch=main", "dags.git");
  git(folder, "init", "--quiet", "--initial-branch=main", "work");

  const server = createServer(
    {
      key: place?.key ?? leaf.key.export({ type: "pkcs8", format: "pem" }),
      cert: place?.certificate ?? toPem(leaf.certificate),
    },
    (request, response) => answer(folder, request, response),
  );
  await new Promise<void>((resolve) => server.listen(0, place?.address ?? "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://${place?.address ?? "localhost"}:${port}/dags.git`,
    port,
    authorityFile,
    commit(files) {
      for (const [file, content] of Object.entries(files)) {
        mkdirSync(path.dirname(path.join(work, file)), { recursive: true });
        writeFileSync(path.join(work, file), content);
      }
      git(work, "add", "--all");
      git(work, "commit", "--quiet", "--message", "Change");
      git(work, "push", "--quiet", path.join(folder, "dags.git"), "main");
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Passes one request to git's own CGI program and its answer back. */
function answer(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const [file = "", query = ""] = (request.url ?? "").split("?");
  const backend = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: file,
      QUERY_STRING: query,
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  request.pipe(backend.stdin);
  const chunks: Buffer[] = [];
  backend.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  backend.on("close", () => {
    const all = Buffer.concat(chunks);
    const end = all.indexOf("\r\n\r\n");
    const headers = all.subarray(0, Math.max(0, end)).toString().split("\r\n");
    const fields = Object.fromEntries(headers.map((line) => line.split(/:\s*/, 2)).filter((pair) => pair.length === 2));
    response.writeHead(Number.parseInt(fields.Status ?? "200", 10), fields);
    response.end(all.subarray(end + 4));
  });
}
