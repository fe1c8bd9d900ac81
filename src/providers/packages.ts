/** Every package the provider host serves, put together from what they stand on. */
import type { ProviderPackage } from "./host/provider-package.ts";
import { type OnveraPackageOptions, onveraPackage } from "./onvera/package.ts";
import type { PostgresAdmin } from "./postgresql/admin.ts";
import { postgresqlPackage } from "./postgresql/package.ts";
import { randomPackage } from "./random/package.ts";

export interface ProviderPackagesOptions extends OnveraPackageOptions {
  postgres: PostgresAdmin;
}

export function providerPackages(options: ProviderPackagesOptions): ProviderPackage[] {
  return [randomPackage, postgresqlPackage(options.postgres), onveraPackage(options)];
}
