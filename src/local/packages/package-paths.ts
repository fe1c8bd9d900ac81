/** The folders of OnveraPaths (src/local/paths.ts) that packages live in. All of them hold what can be made again. */
export interface PackagePaths {
  /** Verified executables; the package installer is one of them. */
  toolchain: string;
  /** One virtual environment per app version, shared read-only. */
  venvs: string;
  /** The installer's downloads, so that an interrupted installation goes on where it stopped. */
  uvCache: string;
}

/** Another user a program runs as. */
export interface Owner {
  uid: number;
  gid: number;
}
