/** A package index of our own (PEP 503) with one small package in it. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ServerPlace } from "./git-server.ts";

export interface PackageIndex {
  /** `https://address:port/simple`. */
  url: string;
  port: number;
  close(): Promise<void>;
}

/** The one package: `greet()` says a text. */
export interface SmallPackage {
  name: string;
  version: string;
  text: string;
}

/** Starts it. */
export async function startPackageIndex(
  { address, key, certificate }: ServerPlace,
  own: SmallPackage,
): Promise<PackageIndex> {
  const wheel = makeWheel(own);
  const file = `${moduleOf(own)}-${own.version}-py3-none-any.whl`;
  const server = createServer({ key, cert: certificate }, ({ url }, response) => {
    if (url === `/simple/${own.name}/`) {
      response.setHeader("content-type", "text/html");
      response.end(`<!doctype html><a href="../../files/${file}">${file}</a>`);
    } else if (url === `/files/${file}`) response.end(wheel);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://${address}:${port}/simple`,
    port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const moduleOf = ({ name }: SmallPackage): string => name.replaceAll("-", "_");

/** A wheel is a zip file with the module and three descriptions of itself. */
function makeWheel(own: SmallPackage): Buffer {
  const folder = mkdtempSync(path.join(tmpdir(), "onvera-wheel-"));
  const about = `${moduleOf(own)}-${own.version}.dist-info`;
  const files = {
    [`${moduleOf(own)}.py`]: `def greet():\n    return ${JSON.stringify(own.text)}\n`,
    [`${about}/METADATA`]: `Metadata-Version: 2.1\nName: ${own.name}\nVersion: ${own.version}\n`,
    [`${about}/WHEEL`]: "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    [`${about}/RECORD`]: [`${moduleOf(own)}.py`, ...["METADATA", "WHEEL", "RECORD"].map((name) => `${about}/${name}`)]
      .map((name) => `${name},,\n`)
      .join(""),
  };
  try {
    mkdirSync(path.join(folder, about));
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
    execFileSync("python3", ["-m", "zipfile", "-c", "own.whl", `${moduleOf(own)}.py`, about], { cwd: folder });
    return readFileSync(path.join(folder, "own.whl"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
