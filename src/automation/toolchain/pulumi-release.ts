/** The one Pulumi version everything here is made for, and how its CLI is had. */

/** The same as the pinned SDK: the newest that runs on Node 20. */
export const pulumiVersion = "3.248.0";

/** What `pulumi version` prints. */
export const pulumiVersionText = `v${pulumiVersion}`;

export const pulumiGoPackage = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";

/** The SDK refuses a CLI that does not know its version, and only this variable tells it. */
const versionVariable = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

/** The flags of `go build`; they are part of the cache key, for other flags make another program. */
export const pulumiBuildFlags = [
  "-mod=readonly",
  "-modcacherw",
  "-trimpath",
  "-buildvcs=false",
  "-ldflags",
  `-s -w -X ${versionVariable}=${pulumiVersionText}`,
] as const;

/** How many packages the CLI consists of, for a progress bar. */
export const pulumiPackageCount = 1640;

/**
 * SHA-256 of the official archives, by platform (`linux-x64`). A platform without an entry is not downloaded: an
 * archive nobody vouched for is not run. None of them could be checked against a second source when this was written.
 */
export const archiveChecksums: Readonly<Record<string, string>> = {};

/** The environment variable by which an operator vouches for the archive of this platform. */
export const archiveChecksumVariable = "ONVERA_PULUMI_SHA256";

/** The platform as the archives name it (`linux-x64`, `darwin-arm64`). */
export function archivePlatform(platform: string = process.platform, architecture: string = process.arch): string {
  return `${platform === "win32" ? "windows" : platform}-${architecture}`;
}

/** Where the official archive of a platform is. */
export function archiveUrl(platform: string): string {
  return `https://get.pulumi.com/releases/sdk/pulumi-${pulumiVersionText}-${platform}.tar.gz`;
}
