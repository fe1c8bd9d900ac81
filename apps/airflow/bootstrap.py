"""Brings an Airflow database up to date, makes its admin and sets connections and variables, in one process.

Input on stdin: ``{"platform": {"mode": "template" | "deploy", "admin": {…}}, "customer": {"connections": {id: URI},
"variables": {key: value}}}``. On a clone of a template of this very package, without connections and variables,
Airflow is not imported at all.
"""

from __future__ import annotations

import os
from configparser import ConfigParser
from typing import Any

import onvera_bootstrap as common

VERSION_TABLES = ["alembic_version", "alembic_version_fab"]


def main(plan: dict[str, Any]) -> None:
    """Runs the steps of one bootstrap."""
    platform = plan["platform"]
    wanted = {name: plan.get("customer", {}).get(name, {}) for name in ("connections", "variables")}
    for folder in ("dags", "plugins"):
        os.makedirs(os.path.join(os.environ["AIRFLOW_HOME"], folder), exist_ok=True)
    with common.open_database(database_url()) as database:
        marker = common.read_marker(database)
        if common.is_current(marker, database, VERSION_TABLES, ""):
            common.progress("database is up to date")
        else:
            migrate_and_init()
            marker.package = common.package_digest()
            marker.revisions = common.revisions(database, VERSION_TABLES)
        if platform["mode"] == "deploy":
            common.ensure_admin(database, marker, platform["admin"])
            apply_settings(wanted, marker)
        common.write_marker(database, marker)


def database_url() -> str:
    """The database's URL as psycopg2 reads it, from the place airflow.cfg names."""
    config = ConfigParser(interpolation=None)
    config.read(os.environ["AIRFLOW_CONFIG"], encoding="utf-8")
    path = config["database"]["sql_alchemy_conn_cmd"].split()[-1]
    return common.read_secret(path)


def migrate_and_init() -> None:
    """Runs the real migrations of Airflow and its auth manager, then syncs roles and permissions."""
    common.progress("importing Airflow")
    from airflow.utils import db
    from airflow.utils.providers_configuration_loader import providers_configuration_loaded

    @providers_configuration_loaded
    def migrate() -> None:
        common.progress("migrating the database")
        db.upgradedb()

    @providers_configuration_loaded
    def sync_roles() -> None:
        from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

        common.progress("setting up roles and permissions")
        with get_application_builder() as appbuilder:
            appbuilder.add_permissions(update_perms=True)
            appbuilder.sm.sync_roles()

    migrate()
    sync_roles()


def apply_settings(wanted: dict[str, dict[str, str]], marker: common.Marker) -> None:
    """Sets what the specification names, and removes what an earlier one named and this one does not.

    What people made in Airflow itself under other names is left alone.
    """
    managed = {name: sorted(wanted[name]) for name in wanted}
    if not any(managed.values()) and not any(marker.managed.values()):
        return
    common.progress("setting connections and variables")
    from airflow.models import Connection, Variable
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    with create_session() as session:
        stale = {name: set(marker.managed.get(name, [])) - set(wanted[name]) for name in wanted}
        replaced = stale["connections"] | set(wanted["connections"])
        session.execute(delete(Connection).where(Connection.conn_id.in_(replaced)))
        session.execute(delete(Variable).where(Variable.key.in_(stale["variables"])))
        for conn_id, uri in wanted["connections"].items():
            session.add(new_connection(Connection, conn_id, uri))
        for key, value in wanted["variables"].items():
            Variable.set(key=key, value=value, session=session)
    marker.managed = managed


def new_connection(connection_class: type, conn_id: str, uri: str) -> Any:
    """A connection row. A URI Airflow cannot read is the customer's to mend; its text may hold a password."""
    try:
        connection = connection_class(conn_id=conn_id, uri=uri)
    except Exception as error:
        raise common.BootstrapError(
            f"The URI of the connection '{conn_id}' cannot be read. It has the form type://user:password@host:port/name.",
            common.BAD_INPUT,
        ) from error
    if not connection.conn_type:
        raise common.BootstrapError(f"The URI of the connection '{conn_id}' names no type.", common.BAD_INPUT)
    return connection


if __name__ == "__main__":
    common.run(main)
