"""Configuration of Airflow's FAB pages: users and roles in Airflow's own database, and the way in through Onvera."""

import importlib.util
from pathlib import Path

from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride
from flask_appbuilder.const import AUTH_DB

AUTH_TYPE = AUTH_DB
WTF_CSRF_ENABLED = True
WTF_CSRF_TIME_LIMIT = None
RATELIMIT_STORAGE_URI = "memory://"


def _sign_in():
    # Loaded by path: a DAG's own modules must not meet our names.
    place = importlib.util.spec_from_file_location("onvera_sign_in", Path(__file__).with_name("onvera_sign_in.py"))
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


class SignInThroughOnvera(FabAirflowSecurityManagerOverride):
    """The routes of a sign-in through Onvera beside the login form, which stays as it is."""

    def register_views(self) -> None:
        """Registers Airflow's own views, then ours."""
        super().register_views()
        sign_in = _sign_in()
        known = sign_in.facts()
        if known:
            self.appbuilder.get_app.register_blueprint(sign_in.make_blueprint(known))


SECURITY_MANAGER_CLASS = SignInThroughOnvera
