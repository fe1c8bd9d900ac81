/** The official archive of the Pulumi CLI, taken only when its SHA-256 is known beforehand. */
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SetupError } from "../../domain/setup-error.ts";
import { runProgram } from "./program-output.ts";
import { archiveChecksums, archiveChecksumVariable } from "./pulumi-release.ts";
import { sha256OfFile } from "./verified-executable.ts";

/** No answer within this time counts as no network. */
const connectSeconds = 5;

/** An archive of 100 MB that takes longer is slower than a build. */
const downloadSeconds = 900;

/**
 * The SHA-256 the archive must have: the operator's word first, then the committed table.
 * @returns undefined when nobody vouches for it: then it is not downloaded
 * @throws SetupError `pulumi-unverified` when the operator's value is no SHA-256
 */
export function expectedChecksum(
  platform: string,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const given = environment[archiveChecksumVariable]?.trim().toLowerCase();
  if (!given) return archiveChecksums[platform];
  if (/^[0-9a-f]{64}$/.test(given)) return given;
  throw new SetupError("pulumi-unverified", {
    what: `${archiveChecksumVariable} cannot be used`,
    why: "a SHA-256 is 64 hexadecimal digits, and this is something else.",
    nextStep: "Give the value from the release's checksum file, or unset it to build the CLI from source.",
  });
}

export interface DownloadRequest {
  url: string;
  sha256: string;
  /** Filled with the archive's files. */
  folder: string;
  signal?: AbortSignal;
}

/**
 * Downloads, verifies, unpacks.
 * @returns false when the server cannot be reached or does not have it: the caller goes on without
 * @throws SetupError `pulumi-unverified` when what came is not what was expected
 */
export async function downloadPulumiCli({ url, sha256, folder, signal }: DownloadRequest): Promise<boolean> {
  const archive = path.join(folder, "archive.tar.gz");
  try {
    const limit = AbortSignal.timeout(downloadSeconds * 1000);
    const ends = signal ? AbortSignal.any([limit, signal]) : limit;
    const body = await open(url, ends);
    if (!body) return false;
    const arrived = await pipeline(Readable.fromWeb(body), createWriteStream(archive), { signal: ends }).then(
      () => true,
      (error) => {
        if (error instanceof Error && "code" in error && error.code === "ENOSPC") throw error;
        return false;
      },
    );
    if (!arrived) return false;
    const found = await sha256OfFile(archive);
    if (found !== sha256) throw mismatch(url, found, sha256);
    const { exitCode, stderr } = await runProgram("tar", {
      argv: ["-xzf", archive, "--strip-components=1", "--no-same-owner", "-C", folder],
      environment: { PATH: process.env.PATH ?? "/usr/bin:/bin" },
    });
    if (exitCode !== 0) throw new Error(`tar could not unpack ${url}: ${stderr.join(" ")}`);
    return true;
  } finally {
    await rm(archive, { force: true });
  }
}

async function open(url: string, signal: AbortSignal) {
  const connect = new AbortController();
  const timer = setTimeout(() => connect.abort(), connectSeconds * 1000);
  try {
    const response = await fetch(url, { signal: AbortSignal.any([connect.signal, signal]) });
    return response.ok ? (response.body ?? undefined) : undefined;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function mismatch(url: string, found: string, expected: string): SetupError {
  return new SetupError("pulumi-unverified", {
    what: "The downloaded Pulumi CLI is not used",
    why: `${url} has the SHA-256 ${found}, and ${expected} was expected.`,
    nextStep: `Check who answers for that address (a proxy?) and ${archiveChecksumVariable}; without it the CLI is built from source.`,
  });
}
