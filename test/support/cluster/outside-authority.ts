/** Whom the rig's app images trust besides the world's authorities: servers of the tests, on this machine's end of the cable. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { withLock } from "../../../src/local/lock-file.ts";
import { resolvePaths } from "../../../src/local/paths.ts";
import { run } from "./run.ts";

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
const DAYS = "3650";

/** Made once on a machine, because images hold it. Node's owner alone reads its key. */
async function authorityFolder(): Promise<string> {
  const folder = path.join(resolvePaths().cache, "cluster", "outside-authority");
  await mkdir(path.dirname(folder), { recursive: true });
  await withLock(`${folder}.lock`, {}, async () => {
    if (existsSync(folder)) return;
    const draft = await mkdtemp(`${folder}.part-`);
    const files = ["-keyout", path.join(draft, "key.pem"), "-out", path.join(draft, "certificate.pem")];
    await run("openssl", ["req", "-x509", ...newKey, ...files, "-days", DAYS, "-subj", "/CN=Servers of the tests"]);
    await rename(draft, folder);
  });
  return folder;
}

/** The authority's certificate, PEM. */
export async function outsideAuthority(): Promise<string> {
  return readFile(path.join(await authorityFolder(), "certificate.pem"), "utf8");
}

/** Key and certificate, PEM, of a server that listens on an IP address. */
export async function identityAt(address: string): Promise<{ key: string; certificate: string }> {
  const authority = await authorityFolder();
  const folder = await mkdtemp(path.join(os.tmpdir(), "onvera-identity-"));
  const at = (name: string) => path.join(folder, name);
  try {
    const request = ["-keyout", at("key.pem"), "-out", at("request.pem"), "-subj", `/CN=${address}`];
    await run("openssl", ["req", ...newKey, ...request]);
    await writeFile(at("extensions"), `extendedKeyUsage=serverAuth\nsubjectAltName=IP:${address}\n`);
    const signer = ["-CA", path.join(authority, "certificate.pem"), "-CAkey", path.join(authority, "key.pem")];
    const files = ["-in", at("request.pem"), "-out", at("certificate.pem"), "-extfile", at("extensions")];
    await run("openssl", ["x509", "-req", ...files, ...signer, "-days", "30", "-set_serial", String(Date.now())]);
    return { key: await readFile(at("key.pem"), "utf8"), certificate: await readFile(at("certificate.pem"), "utf8") };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
