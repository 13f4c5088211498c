"""The account surface: access tokens, Global Search, the catalog and the resource controller (ibm-rest 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final
from urllib.parse import parse_qsl

from sessioncore.host import Caller

from .credentials import Credentials
from .fields import QUERY_FIELDS_MAX, Body, Query, one, query_count, text, whole, wrong
from .options import Instance
from .refusals import NOT_FOUND, refuse
from .wire import Wire

SEARCH_PAGE_DEFAULT = 10
SEARCH_PAGE_MAX = 1_000
GRANT = "urn:ibm:params:oauth:grant-type:apikey"


@final
class Account:
    """Which instances there are, and who may use them.

    A caller whose token belongs to one instance sees that one; where tokens are not checked, everybody sees all.
    """

    def __init__(self, credentials: Credentials, instances: Sequence[Instance]) -> None:
        self._credentials = credentials
        self._instances = tuple(instances)

    def token(self, raw: bytes) -> Wire:
        """``POST /identity/token``: an access token for an API key, sent as a form."""
        try:
            form = dict(parse_qsl(raw.decode("utf-8"), max_num_fields=QUERY_FIELDS_MAX, strict_parsing=True))
        except ValueError:
            raise refuse("The body is not a form.", "Send grant_type and apikey, URL-encoded.") from None
        grant = form.get("grant_type")
        if grant != GRANT:
            raise wrong("grant_type", grant, GRANT)
        return self._credentials.access_token(form.get("apikey", ""))

    def search(self, who: Caller, body: Body, query: Query) -> Wire:
        """``POST /v3/resources/search``: the caller's instances, a page at a time. Every query finds all of them."""
        text(body, "query")
        whole(body, "limit", "a whole number")
        limit = min(query_count(query, "limit", 1) or SEARCH_PAGE_DEFAULT, SEARCH_PAGE_MAX)
        cursor = text(body, "search_cursor") or "0"
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
            raise wrong("search_cursor", cursor, "the search_cursor of the page before")
        start = int(cursor)
        found = self._visible(who)
        answer: Wire = {
            "items": [
                {
                    "crn": instance.crn,
                    "name": instance.name,
                    "tags": list(instance.tags),
                    "service_plan_unique_id": instance.plan_id,
                    "doc": {"extensions": {"virtual_private_endpoints": {}}},
                }
                for instance in found[start : start + limit]
            ],
            "limit": limit,
        }
        if start + limit < len(found):
            answer["search_cursor"] = str(start + limit)
        return answer

    def plan(self, plan_id: str) -> Wire:
        """``GET /api/v1/{plan_id}`` of the catalog: the plan's name and its pricing type."""
        for instance in self._instances:
            if instance.plan_id == plan_id:
                return {
                    "id": plan_id,
                    "overview_ui": {"en": {"display_name": instance.plan}},
                    "metadata": {"pricing": {"type": instance.pricing_type}},
                }
        raise refuse(
            f"Plan {plan_id!r} was not found.",
            f"The plans here are: {', '.join(sorted({i.plan_id for i in self._instances}))}.",
            status=404,
            code=NOT_FOUND,
        )

    def resource(self, who: Caller, crn: str) -> Wire:
        """``GET /v2/resource_instances/{crn}``."""
        for instance in self._visible(who):
            if instance.crn == crn:
                return _resource(instance)
        raise refuse(
            f"Instance {crn!r} was not found.",
            "List the instances with POST /v3/resources/search.",
            status=404,
            code=NOT_FOUND,
        )

    def resources(self, who: Caller, query: Query) -> Wire:
        """``GET /v2/resource_instances``, by ``name`` or all."""
        name = one(query, "name")
        found = [_resource(instance) for instance in self._visible(who) if name is None or instance.name == name]
        return {"rows_count": len(found), "resources": found}

    def _visible(self, who: Caller) -> tuple[Instance, ...]:
        if not self._credentials.checked:
            return self._instances
        own = tuple(instance for instance in self._instances if instance.crn == who.instance)
        return own or (Instance(crn=who.instance, name=who.instance),)


def _resource(instance: Instance) -> Wire:
    return {
        "id": instance.crn,
        "crn": instance.crn,
        "name": instance.name,
        "resource_plan_id": instance.plan_id,
        "state": "active",
    }
