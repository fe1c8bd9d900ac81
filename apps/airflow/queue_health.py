"""Probe: do the broker and the workers of the CeleryExecutor answer?

Usage: ``queue_health.py broker|worker-alive|worker-ready HOST PORT PASSWORD_FILE``. Exit 0 when good. ``worker-alive``
is for restarts and so needs proof of death: a broker that does not answer proves nothing.
"""

import socket
import sys
from contextlib import closing

TIMEOUT_SECONDS = 5


def main(question: str, host: str, port: str, password_file: str) -> int:
    """The exit code of one probe."""
    import redis

    with open(password_file, encoding="utf-8") as file:
        password = file.read().strip()
    broker = redis.Redis(
        host=host,
        port=int(port),
        password=password,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
    )
    try:
        with closing(broker):
            broker.ping()
    except redis.RedisError as error:
        print(f"The broker does not answer: {error}")
        return 0 if question == "worker-alive" else 1
    return 0 if question == "broker" else worker(f"redis://:{password}@{host}:{port}/0")


def worker(broker_url: str) -> int:
    """Asks this machine's worker by the way its tasks come."""
    # Airflow is left out: its import takes seconds of CPU, this one some tenths.
    from celery import Celery

    name = f"celery@{socket.gethostname()}"
    answers = Celery(broker=broker_url).control.ping(destination=[name], timeout=TIMEOUT_SECONDS)
    if answers:
        return 0
    print(f"The worker {name} did not answer within {TIMEOUT_SECONDS} s.")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
