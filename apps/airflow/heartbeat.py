"""Probe: when did a kind of Airflow process on this machine last say that it lives?

Usage: ``heartbeat.py alive|ready JOB_TYPE DATABASE_URL_FILE``. Exit 0 when good. ``alive`` is for restarts and so
needs proof of death: an unreachable database proves nothing. ``ready`` needs proof of life.
"""

import socket
import sys

import psycopg2

MAX_AGE_SECONDS = {"alive": 120, "ready": 30}


def main(question: str, job_type: str, url_file: str) -> int:
    """The exit code of one probe."""
    try:
        with open(url_file, encoding="utf-8") as file:
            database = psycopg2.connect(file.read().strip(), connect_timeout=5, application_name="onvera-probe")
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT extract(epoch FROM now() - max(latest_heartbeat)) FROM job"
                " WHERE job_type = %s AND state = 'running' AND hostname = %s",
                (job_type, socket.gethostname()),
            )
            (age,) = cursor.fetchone()
    except psycopg2.Error as error:
        print(f"The database does not answer: {' '.join(str(error).split())}")
        return 0 if question == "alive" else 1
    if age is None:
        print(f"No running {job_type} has reported yet.")
        return 1
    print(f"The last heartbeat of {job_type} is {age:.0f} s old.")
    return 0 if age <= MAX_AGE_SECONDS[question] else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
