"""How gunicorn serves Superset: imported once in the master, then forked, so that workers share its memory."""

import os

worker_class = "gthread"
preload_app = True
# Longer than the gateway keeps an idle connection, so that the gateway is the one to close it.
keepalive = 75
control_socket_disable = True
# The heartbeat file must not wait for a disk.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None


def when_ready(server):
    """Closes the connections the master opened while it loaded the app: forked workers must not share them."""
    from superset.extensions import db

    with server.app.wsgi().app_context():
        db.engine.dispose()
