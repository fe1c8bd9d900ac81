/** The environment of pip and uv: where packages come from is the machine's own setting, the rest is ours. */

/** Mirrors, proxies and certificates a machine may be set up with. */
const passedOn =
  /^(https?_proxy|no_proxy|all_proxy|ssl_cert_file|ssl_cert_dir|requests_ca_bundle|netrc|(pip|uv)_(.*_)?(index|index_url|cert|find_links|trusted_host|timeout|retries|offline|native_tls|system_certs|http_timeout|insecure_host|keyring_provider))$/i;

/** Whether an environment variable tells pip and uv where packages come from and how to get there. */
export const isInstallerSetting = (name: string): boolean => passedOn.test(name);

/**
 * Environment for a run of pip or uv.
 * @param own ours, set last
 */
export function installerEnvironment(
  own: Record<string, string> = {},
  inherited: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const env: Record<string, string> = {
    PATH: inherited.PATH ?? "/usr/local/bin:/usr/bin:/bin",
    HOME: inherited.HOME ?? "/nonexistent",
    LC_ALL: "C.UTF-8",
    PIP_DISABLE_PIP_VERSION_CHECK: "1",
    PIP_NO_CACHE_DIR: "1",
    // The Python is chosen by us; a download of another one would surprise.
    UV_PYTHON_DOWNLOADS: "never",
    UV_NO_PROGRESS: "1",
  };
  for (const [name, value] of Object.entries(inherited)) {
    if (value !== undefined && isInstallerSetting(name)) env[name] = value;
  }
  return { ...env, ...own };
}

/** The same without the variables that carry a password in a URL: code of a tenant's package could read them. */
export function withoutCredentials(env: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => !/:\/\/[^/\s]*@/.test(value)));
}
