"""What the bootstrap of every app has in common: its input, its words, its marker in the database and the admin.

A database says in a comment on its ``alembic_version`` table which package last brought it up to date. A clone of a
template carries that comment with it, so that the bootstrap of a deployment can see that there is nothing to migrate
without importing the app, which is what takes the time.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection

MARK = "onvera "

# Any number; two bootstraps of one database must name the same one.
ADVISORY_LOCK = 7_020_112


class BootstrapError(Exception):
    """A failure that a person can act on. ``exit_code`` follows sysexits.h."""

    def __init__(self, message: str, exit_code: int = 70) -> None:
        super().__init__(message)
        self.exit_code = exit_code


BAD_INPUT = 65
UNAVAILABLE = 69


@dataclass
class Marker:
    """What a database remembers of its last bootstrap."""

    #: Digest of the package (lock and these scripts) that brought schema, roles and permissions up to date.
    package: str = ""
    #: Alembic revisions right after that, by version table.
    revisions: dict[str, str] = field(default_factory=dict)
    #: Digest of the settings that decide which views, and so which permissions, there are.
    settings: str = ""
    #: Hash of the admin password set last. While it fits, the password is the admin's own to change.
    admin: str = ""
    #: Names of what the specification set, so that what it no longer names can be removed.
    managed: dict[str, list[str]] = field(default_factory=dict)


def progress(phase: str) -> None:
    """Says on stdout what happens next."""
    print(f"phase: {phase}", flush=True)


def run(main: Callable[[dict[str, Any]], None]) -> None:
    """Reads the input, runs ``main`` and ends the process with an exit code and, on failure, one clear last line."""
    try:
        main(json.load(sys.stdin))
    except BootstrapError as error:
        _fail(str(error), error.exit_code)
    except psycopg2.OperationalError as error:
        _fail(f"The database cannot be used: {_one_line(error)}", UNAVAILABLE)
    except Exception as error:  # the last line must say what happened, whatever it was
        traceback.print_exc()
        _fail(f"{type(error).__name__}: {_one_line(error)}", 70)
    progress("done")
    # Threads that an app started on import must not keep a finished bootstrap alive.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def read_secret(path: str) -> str:
    """The content of a secret file, without the line end an editor may have added."""
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise BootstrapError(f"A secret file cannot be read: {error}", UNAVAILABLE) from error


def package_digest() -> str:
    """The digest the installer wrote beside these scripts; empty when they run from somewhere else."""
    digest = Path(__file__).with_name("digest")
    return digest.read_text(encoding="ascii").strip() if digest.exists() else ""


@contextmanager
def open_database(url: str) -> Iterator[Connection]:
    """A connection that commits on success and holds the bootstrap lock, so that two bootstraps never mix."""
    database = psycopg2.connect(url, connect_timeout=15, application_name="onvera-bootstrap")
    try:
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", (ADVISORY_LOCK,))
        database.commit()
        yield database
        database.commit()
    finally:
        database.close()


def read_marker(database: Connection) -> Marker:
    """The marker; an empty one where there is none."""
    with database.cursor() as cursor:
        cursor.execute("SELECT obj_description(to_regclass('alembic_version'), 'pg_class')")
        (comment,) = cursor.fetchone() or (None,)
    database.commit()
    if not comment or not comment.startswith(MARK):
        return Marker()
    return Marker(**json.loads(comment[len(MARK) :]))


def write_marker(database: Connection, marker: Marker) -> None:
    """Stores the marker; part of the running transaction."""
    with database.cursor() as cursor:
        cursor.execute("COMMENT ON TABLE alembic_version IS %s", (MARK + json.dumps(asdict(marker), sort_keys=True),))


def revisions(database: Connection, tables: list[str]) -> dict[str, str]:
    """The alembic revisions of the given version tables; tables that are missing are left out."""
    found: dict[str, str] = {}
    with database.cursor() as cursor:
        for table in tables:
            cursor.execute("SELECT to_regclass(%s)", (table,))
            if cursor.fetchone() == (None,):
                continue
            cursor.execute(f'SELECT string_agg(version_num, \',\' ORDER BY version_num) FROM "{table}"')
            row = cursor.fetchone()
            found[table] = (row and row[0]) or ""
    database.commit()
    return found


def is_current(marker: Marker, database: Connection, tables: list[str], settings: str) -> bool:
    """Whether this very package has brought the database up to date and nobody has moved it since."""
    return (
        package_digest() != ""
        and marker.package == package_digest()
        and marker.settings == settings
        and marker.revisions == revisions(database, tables)
        and set(marker.revisions) == set(tables)
    )


def ensure_admin(database: Connection, marker: Marker, admin: dict[str, str]) -> None:
    """Creates the admin, or gives it a new password when the password asked for is another than the last time.

    A password that the admin has changed in the app stays: only a *new* one in the secret file replaces it.
    """
    from werkzeug.security import check_password_hash, generate_password_hash

    password = read_secret(admin["password_file"])
    if not password:
        raise BootstrapError("The admin password is empty.", BAD_INPUT)
    known = marker.admin != "" and check_password_hash(marker.admin, password)
    with database.cursor() as cursor:
        cursor.execute("SELECT id FROM ab_user WHERE username = %s", (admin["username"],))
        row = cursor.fetchone()
        if row and known:
            return
        hashed = generate_password_hash(password)
        if row:
            progress("setting the admin password")
            cursor.execute("UPDATE ab_user SET password = %s, active = true WHERE id = %s", (hashed, row[0]))
        else:
            progress("creating the admin")
            row = _insert_admin(cursor, admin, hashed)
        _grant_admin_role(cursor, row[0])
    marker.admin = hashed


def _insert_admin(cursor: Any, admin: dict[str, str], hashed: str) -> tuple[int]:
    cursor.execute(
        "INSERT INTO ab_user (id, first_name, last_name, username, password, active, email, created_on, changed_on)"
        " VALUES (nextval('ab_user_id_seq'), %s, %s, %s, %s, true, %s, now(), now()) RETURNING id",
        (admin["first_name"], admin["last_name"], admin["username"], hashed, admin["email"]),
    )
    return cursor.fetchone()


def _grant_admin_role(cursor: Any, user_id: int) -> None:
    cursor.execute("SELECT id FROM ab_role WHERE name = 'Admin'")
    role = cursor.fetchone()
    if role is None:
        raise BootstrapError("The database has no role 'Admin': its bootstrap has not ended well.")
    cursor.execute("SELECT 1 FROM ab_user_role WHERE user_id = %s AND role_id = %s", (user_id, role[0]))
    if cursor.fetchone() is None:
        cursor.execute(
            "INSERT INTO ab_user_role (id, user_id, role_id) VALUES (nextval('ab_user_role_id_seq'), %s, %s)",
            (user_id, role[0]),
        )


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:500] or "no details"


def _fail(message: str, exit_code: int) -> None:
    print(f"error: {message}", file=sys.stderr, flush=True)
    sys.stdout.flush()
    os._exit(exit_code)
