"""How gunicorn serves Superset: imported once in the master, then forked, so that workers share its memory."""

import gc
import os

worker_class = "gthread"
preload_app = True
# Longer than the gateway keeps an idle connection, so that the gateway is the one to close it.
keepalive = 75
control_socket_disable = True
# The heartbeat file must not wait for a disk.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None

# Importing makes millions of objects that stay; looking through them for garbage again and again took a quarter of it.
gc.disable()


def when_ready(server):
    """Readies the master for forking: workers share the app's memory, and must not share database connections."""
    from superset.extensions import db

    with server.app.wsgi().app_context():
        db.engine.dispose()
    # What the app is made of is never garbage, and untouched pages stay shared.
    gc.collect()
    gc.freeze()
    gc.enable()
