"""Brings a Superset database up to date and makes its admin, in one process that imports Superset at most once.

Input on stdin: ``{"platform": {"mode": "template" | "deploy", "admin": {…}}}``. Mode ``template`` stops before the
admin. On a clone of a template of this very package, and with the default settings, Superset is not imported at all.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

import onvera_bootstrap as common

VERSION_TABLES = ["alembic_version"]


def main(plan: dict[str, Any]) -> None:
    """Runs the steps of one bootstrap."""
    platform = plan["platform"]
    with open(os.environ["ONVERA_SETTINGS"], encoding="utf-8") as file:
        settings = json.load(file)
    customer = settings["customer"]
    digest = settings_digest(customer)
    url = common.read_secret(settings["platform"]["secret_files"]["database_url"])
    with common.open_database(url) as database:
        marker = common.read_marker(database)
        if common.is_current(marker, database, VERSION_TABLES, digest):
            common.progress("database is up to date")
        else:
            migrate_and_init()
            marker.package = common.package_digest()
            marker.revisions = common.revisions(database, VERSION_TABLES)
            marker.settings = digest
        if platform["mode"] == "deploy":
            common.ensure_admin(database, marker, platform["admin"])
        common.write_marker(database, marker)


def settings_digest(customer: dict[str, Any]) -> str:
    """Which permissions there are depends on flags and configuration; the default ones have the empty digest."""
    if not customer["feature_flags"] and not customer["config"]:
        return ""
    return hashlib.sha256(json.dumps(customer, sort_keys=True).encode()).hexdigest()[:16]


def migrate_and_init() -> None:
    """Runs the real migrations and ``superset init`` in this process."""
    common.progress("importing Superset")
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        from flask_migrate import upgrade
        from superset.extensions import appbuilder, security_manager
        from superset.utils.decorators import transaction

        common.progress("migrating the database")
        upgrade(directory=app.extensions["migrate"].directory)
        # Skipped by create_app while migrations were pending.
        app.sync_config_to_db()

        common.progress("setting up roles and permissions")

        @transaction()
        def init() -> None:
            appbuilder.add_permissions(update_perms=True)
            security_manager.sync_role_definitions()

        init()


if __name__ == "__main__":
    common.run(main)
