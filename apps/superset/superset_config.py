"""Superset's configuration: the platform's part, then the customer's values, then what only the platform decides.

Values come from the JSON file named by ``ONVERA_SETTINGS``; secrets from the files it names.
"""

import importlib.util
import json
import os
import re
from pathlib import Path


def _settings() -> dict:
    return json.loads(Path(os.environ["ONVERA_SETTINGS"]).read_text(encoding="utf-8"))


def _secret(path: str) -> str:
    return Path(path).read_text(encoding="utf-8").rstrip("\r\n")


def _sign_in_routes() -> list:
    """The way in through Onvera, beside the login form. Loaded by path: this folder is not for others to import from."""
    place = importlib.util.spec_from_file_location("onvera_sign_in", Path(__file__).with_name("onvera_sign_in.py"))
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    known = module.facts()
    return [module.make_blueprint(known)] if known else []


_all = _settings()
_platform = _all["platform"]
_customer = _all["customer"]
_https = _platform["public_url"].startswith("https:")

# Pages load nothing from other hosts, except the map tiles that map charts draw on.
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": [
            "'self'",
            "https://api.mapbox.com",
            "https://events.mapbox.com",
            "https://tile.openstreetmap.org",
            "https://tile.osm.ch",
            "https://a.basemaps.cartocdn.com",
        ],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    # The gateway decides about https; on a .localhost name plain http is the printed URL.
    "force_https": False,
    "session_cookie_secure": _https,
}

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _https

# Slows down guessing at the login form. The limit on everything else must let a page load its many parts.
RATELIMIT_ENABLED = True
RATELIMIT_STORAGE_URI = "memory://"
RATELIMIT_APPLICATION = "500 per second"

SUPERSET_WEBSERVER_TIMEOUT = _platform["request_seconds"] - 5

globals().update(_customer["config"])

FEATURE_FLAGS = _customer["feature_flags"]
BLUEPRINTS = _sign_in_routes()

SECRET_KEY = _secret(_platform["secret_files"]["secret_key"])
SQLALCHEMY_DATABASE_URI = re.sub(
    "^postgres(ql)?:", "postgresql+psycopg2:", _secret(_platform["secret_files"]["database_url"])
)
SQLALCHEMY_ENGINE_OPTIONS = {
    "pool_size": _platform["pool_size"],
    "max_overflow": _platform["pool_size"],
    # A database that was restarted or moved must not show as an error page.
    "pool_pre_ping": True,
    "pool_recycle": 1800,
}
DATA_DIR = _platform["data_dir"]
UPLOAD_FOLDER = os.path.join(DATA_DIR, "uploads") + "/"
ENABLE_PROXY_FIX = True
PROXY_FIX_CONFIG = {"x_for": 1, "x_proto": 1, "x_host": 1, "x_port": 0, "x_prefix": 0}
