"""Starts one of Airflow's processes: ``launch.py api-server …`` is ``airflow api-server …``, sooner.

Starting makes millions of objects that stay. Looking through them for garbage again and again took a quarter of an
API server's start; with these thresholds it is done rarely enough not to matter, for the price of a little memory.
"""

import gc
import sys

if __name__ == "__main__":
    gc.set_threshold(100_000, 50, 10)
    # This folder is on the path because the script lies in it; a DAG's own modules must not meet our names there.
    del sys.path[0]
    sys.argv[0] = "airflow"

    from airflow.__main__ import main

    sys.exit(main())
