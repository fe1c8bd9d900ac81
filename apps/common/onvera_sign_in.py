"""Signing in through Onvera, beside the app's own login form: two routes that any Flask-AppBuilder app can take.

``login`` sends the browser to Onvera, ``authorized`` takes the code it comes back with. What Onvera says in the signed ID
token decides: a member is made or brought up to date here, with the role Onvera maps for this very deployment. Facts
come from the JSON file named by ``ONVERA_SIGN_IN``; without them, or for an older deployment, there are no such routes.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, make_response, redirect, session

log = logging.getLogger("onvera.sign_in")

#: Seconds an answer of Onvera is waited for.
PATIENCE = 15


def facts() -> dict[str, Any] | None:
    """What the platform wrote about signing in; None where it wrote nothing."""
    path = os.environ.get("ONVERA_SIGN_IN", "")
    if not path or not Path(path).is_file():
        return None
    return json.loads(Path(path).read_text(encoding="utf-8"))


def make_blueprint(known: dict[str, Any]) -> Blueprint:
    """The two routes, as a blueprint that the app registers."""
    blueprint = Blueprint("onvera", __name__, url_prefix="/onvera")

    @blueprint.after_request
    def keep_nothing(response: Any) -> Any:
        response.headers["Cache-Control"] = "no-store"
        return response

    @blueprint.route("/login")
    def login() -> Any:
        return _client(known).authorize_redirect(known["redirect_uri"])

    @blueprint.route("/authorized")
    def authorized() -> Any:
        from flask_login import login_user

        try:
            token = _client(known).authorize_access_token(
                claims_options={
                    "iss": {"essential": True, "values": [known["issuer"]]},
                    "aud": {"essential": True, "values": [known["client_id"]]},
                },
                timeout=PATIENCE,
            )
            claims = token["userinfo"]
            user = _member(current_app.appbuilder.sm, known, claims)
        except Exception as error:  # whatever it was, the person is told, and nobody is signed in
            log.warning("A sign-in through Onvera failed: %s: %s", type(error).__name__, error)
            return _refused("Onvera's answer could not be used.")
        if user is None:
            return _refused("Your account could not be made here. Ask an administrator of this app.")
        session.clear()
        # Server-side sessions keep their number otherwise, also one that somebody else chose.
        if hasattr(session, "sid"):
            import uuid

            session.sid = str(uuid.uuid4())
        login_user(user)
        session.modified = True
        return redirect(current_app.appbuilder.get_url_for_index)

    return blueprint


def _client(known: dict[str, Any]) -> Any:
    """Onvera as the app's OpenID library knows it; made at the first sign-in, since importing it takes a moment."""
    oauth = current_app.extensions.get("onvera_sign_in")
    if oauth is None:
        from authlib.integrations.flask_client import OAuth

        oauth = OAuth(current_app)
        secret = Path(known["client_secret_file"]).read_text(encoding="utf-8").rstrip("\r\n")
        oauth.register(
            "onvera",
            client_id=known["client_id"],
            client_secret=secret,
            # The browser goes to the address people know; the app itself may reach Onvera by another.
            authorize_url=f"{known['issuer']}/auth",
            access_token_url=f"{known['internal']}/token",
            jwks_uri=f"{known['internal']}/jwks",
            issuer=known["issuer"],
            id_token_signing_alg_values_supported=["ES256"],
            client_kwargs={
                "scope": known["scope"],
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": "client_secret_basic",
            },
        )
        current_app.extensions["onvera_sign_in"] = oauth
    return oauth.onvera


def _member(sm: Any, known: dict[str, Any], claims: dict[str, Any]) -> Any:
    """The app's user for a member, made or brought up to date. The roles Onvera maps are Onvera's; others stay.

    The mark is a role without permissions: by it, Onvera tells the people it put here from those made in the app.
    """
    email = claims["email"]
    role = sm.find_role(claims["role"])
    if role is None or claims["role"] not in known["roles"]:
        raise ValueError("the role is none of this app's")
    # A sync of access may make the same mark and the same person at this very moment: whoever comes second looks again.
    mark = sm.find_role(known["mark"]) or sm.add_role(known["mark"]) or sm.find_role(known["mark"])
    ours = [role] if mark is None else [role, mark]
    first, last = _names((claims.get("name") or "").strip() or email)
    user = sm.find_user(username=email)
    if user is None:
        import secrets

        user = sm.add_user(
            username=email,
            first_name=first,
            last_name=last,
            email=email,
            role=ours,
            password=secrets.token_urlsafe(32),
        )
        user = user or sm.find_user(username=email)
        if not user:
            return None
    user.first_name, user.last_name, user.active = first, last, True
    user.roles = [*ours, *(other for other in user.roles if other.name not in {*known["roles"], known["mark"]})]
    sm.update_user_auth_stat(user, True)
    return user


def _names(name: str) -> tuple[str, str]:
    """First and last name of at most 64 letters each; neither may be empty."""
    first, _, last = name.rpartition(" ")
    return (first or last)[:64], (last if first else "-")[:64]


def _refused(why: str) -> Any:
    response = make_response(
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Not signed in</title>"
        f"<h1>Not signed in</h1><p>{why}</p><p>Open the app again from Onvera.</p></html>",
        403,
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return response
