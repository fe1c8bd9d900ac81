"""Installs a deployment's own requirements on top of the shared environment this script lies in.

Runs as the deployment's user from first to last: neither what a package's build does nor what lies in that user's
folders is ever handled with more rights. Input on stdin: ``{"uv": path, "folder": path, "requirements": [...], "name": folder of the overlay (optional)}``.
The last line of stdout is the environment to run from. Exit code 3: the requirements do not fit; 4: installing failed.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

SHARED = Path(sys.prefix)
STAMP = "onvera-overlay"
DOES_NOT_FIT = 3
NOT_INSTALLED = 4


def main() -> None:
    """Makes the overlay where it is missing and prints its path."""
    plan = json.load(sys.stdin)
    folder = Path(plan["folder"])
    wanted = sorted(set(plan["requirements"]))
    digest = hashlib.sha256(json.dumps([str(SHARED), wanted]).encode()).hexdigest()[:12]
    # In a pod the shared environment has the same place in every version, so that the caller names the overlay.
    overlay = folder / plan.get("name", digest)
    folder.mkdir(parents=True, exist_ok=True)
    if not (overlay / STAMP).is_file():
        shutil.rmtree(overlay, ignore_errors=True)
        pins = resolve(plan["uv"], wanted)
        install(plan["uv"], overlay, pins)
        link(overlay)
        (overlay / STAMP).write_text("complete\n", encoding="ascii")
        remove_older(folder, overlay)
    print(overlay)


def resolve(uv: str, wanted: list[str]) -> list[str]:
    """The pinned additions that the shared environment does not have; the app's own versions are fixed."""
    constraints = Path(__file__).with_name("constraints.txt")
    options = ["--quiet", "--no-header", "--no-annotate", "--no-emit-index-url", "--python", sys.executable]
    compiled = run([uv, "pip", "compile", *options, "--constraints", str(constraints), "-"], wanted, DOES_NOT_FIT)
    locked = {name_of(line) for line in constraints.read_text(encoding="utf-8").splitlines()}
    return [pin for pin in compiled.splitlines() if pin[:1].isalnum() and name_of(pin) not in locked]


def name_of(pin: str) -> str:
    """The package name of a ``name==version`` line as registries compare it."""
    return re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9._-]*", pin).group()).lower()


def install(uv: str, overlay: Path, pins: list[str]) -> None:
    """Makes an environment with the additions alone."""
    python = str(overlay / "bin" / "python")
    run([uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(overlay)], [], NOT_INSTALLED)
    if pins:
        options = ["--quiet", "--no-deps", "--compile-bytecode", "--link-mode", "copy", "--python", python]
        run([uv, "pip", "install", *options, "--requirement", "-"], pins, NOT_INSTALLED)


def link(overlay: Path) -> None:
    """Lets the overlay find the shared packages, their programs and our scripts."""
    packages = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    # addsitedir also reads the .pth files over there, which a plain path line would not.
    (overlay / packages / "onvera-shared.pth").write_text(
        f"import site; site.addsitedir({str(SHARED / packages)!r})\n", encoding="utf-8"
    )
    (overlay / "share").symlink_to(SHARED / "share")
    for program in (SHARED / "bin").iterdir():
        own = overlay / "bin" / program.name
        if own.exists() or program.stat().st_size > 100_000:
            continue
        text = program.read_text(encoding="utf-8", errors="replace")
        # Programs such as `airflow` name their Python in the first line; here it must be the overlay's.
        if text.startswith(f"#!{SHARED}/bin/python"):
            own.write_text(text.replace(f"#!{SHARED}/", f"#!{overlay}/", 1), encoding="utf-8")
            own.chmod(0o755)


def remove_older(folder: Path, newest: Path) -> None:
    """Leaves the one before the newest: a running app was started from it. The downloads are of no more use."""
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    others = [path for path in folder.iterdir() if path != newest and not path.name.startswith(".")]
    others.sort(key=lambda path: -path.lstat().st_mtime)
    for path in others[1:]:
        shutil.rmtree(path, ignore_errors=True)


def run(command: list[str], lines: list[str], failure: int) -> str:
    """Runs the installer; ends this process with ``failure`` and the installer's words when it fails."""
    result = subprocess.run(command, input="".join(f"{line}\n" for line in lines), capture_output=True, text=True)
    if result.returncode != 0:
        sys.stderr.write(result.stdout + result.stderr)
        sys.exit(failure)
    return result.stdout


if __name__ == "__main__":
    main()
