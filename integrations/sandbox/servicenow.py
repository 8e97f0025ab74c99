"""ServiceNow, simulated: change requests, incidents and the tables around them. Table API.

https://www.servicenow.com/docs/r/api-reference/rest-apis/c_TableAPI.html. What the instance does by itself stands in
`servicenow_change`, how queries are read in `servicenow_query`.

A company decides for itself which changes need nobody's approval: here a change that speaks of staging is treated like
any other, unless the setting `auto_approve_staging` says that it is approved the moment approval is asked for.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.sandbox import servicenow_approval as approval
from integrations.sandbox import servicenow_change as change
from integrations.sandbox import servicenow_query
from integrations.sandbox.auth import CALLER, BasicAuth
from integrations.sandbox.servicenow_change import Aborted, NoSuchChange
from integrations.sandbox.servicenow_company import seed
from integrations.sandbox.servicenow_tables import (
    COLUMNS,
    JOURNALED,
    Record,
    Shower,
    age,
    find,
    insert,
    kind,
    labels,
    resolved,
    update,
    write_journal,
)
from integrations.sandbox.world import World

__all__ = ["NoSuchChange", "app", "approve", "refuse", "seed", "summary"]

_ONLY_WITH_THEIR_RECORD = ("sys_journal_field",)


class _Failure(Exception):
    def __init__(self, status: int, message: str, detail: str | None) -> None:
        super().__init__(status, message, detail)
        self.status, self.message, self.detail = status, message, detail


def app(world: World) -> Starlette:
    """The instance's API. Any name with any password is let in; see `auth`."""
    api = _Api(world)
    routes = []
    for path in ("/api/now/table/{table}", "/api/now/{version:str}/table/{table}"):
        routes += [
            Route(path, api.records),
            Route(path, api.create, methods=["POST"]),
            Route(path + "/{sys_id}", api.record),
            Route(path + "/{sys_id}", api.change, methods=["PATCH", "PUT"]),
            Route(path + "/{sys_id}", api.delete, methods=["DELETE"]),
        ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(BasicAuth, world=world, refusal=_not_signed_in)],
        exception_handlers={_Failure: _failed, Aborted: _aborted, HTTPException: _http_error},
    )


def summary(world: World) -> dict[str, Any]:
    """Every change and incident with its state, approval and comments, in words."""
    change.settle(world)
    shower = Shower(world, "", "true", links=False)
    shown: dict[str, Any] = {"changes": {}, "incidents": {}, "approvals": approval.summary(world)}
    for record in find(world, "change_request"):
        approvals = find(world, "sysapproval_approver", sysapproval=record["sys_id"], state="approved")
        shown["changes"][record["number"]] = {
            **shower.show("change_request", record, ("short_description", "state", "type", "risk", "requested_by")),
            "approval": record["approval"],
            "approved_by": [shower.display("sysapproval_approver", each, "approver") for each in approvals],
            "comments": _notes(world, record),
        }
    for record in find(world, "incident"):
        fields = ("short_description", "state", "priority", "assignment_group")
        shown["incidents"][record["number"]] = {
            **shower.show("incident", record, fields),
            "comments": _notes(world, record),
        }
    return shown


def approve(world: World, number: str, by: str | None = None, because: str | None = None) -> dict[str, Any]:
    """Approve a change, or the question with that code, as one of the company's people would.

    Raises:
        NoSuchChange: there is no such change.
        ValueError: nobody has asked for its approval, or there is no such person.
    """
    decided = approval.decide(world, number, approved=True, by=by, because=because)
    return decided or _decision(change.decide(world, number, approved=True, by=by, because=because))


def refuse(world: World, number: str, by: str | None = None, because: str | None = None) -> dict[str, Any]:
    """Reject a change, which goes back to New, or the question with that code, as one of the company's people would.

    Raises:
        NoSuchChange: there is no such change.
        ValueError: nobody has asked for its approval, or there is no such person.
    """
    decided = approval.decide(world, number, approved=False, by=by, because=because)
    return decided or _decision(change.decide(world, number, approved=False, by=by, because=because))


class _Api:
    def __init__(self, world: World) -> None:
        self.world = world

    async def records(self, request: Request) -> JSONResponse:
        table, shower = self._table(request), self._shower(request)
        asked = request.query_params
        query = servicenow_query.parse(asked.get("sysparm_query", ""))
        named = {name: value for name, value in asked.items() if name in COLUMNS[table]}
        found = [
            record
            for record in sorted(self.world.all(kind(table)).values(), key=age)
            if query.holds(partial(shower.value, table, record))
            and all(shower.value(table, record, name) == value for name, value in named.items())
        ]
        for field, downwards in reversed(query.order):
            found.sort(key=partial(shower.sort_key, table, field), reverse=downwards)
        start, size = _number(request, "sysparm_offset", 0), _number(request, "sysparm_limit", 10000)
        page = [shower.show(table, record, _fields(request)) for record in found[start : start + size]]
        return JSONResponse({"result": page}, headers={"X-Total-Count": str(len(found))})

    async def record(self, request: Request) -> JSONResponse:
        return self._answer(request, self._table(request), self._record(request))

    async def create(self, request: Request) -> JSONResponse:
        table, by = self._table(request), request.scope[CALLER]
        values, notes = await self._values(request, table)
        if table in _ONLY_WITH_THEIR_RECORD:
            raise _Failure(403, "Operation Failed", "ACL Exception Insert Failed due to security constraints")
        with self.world.transaction():
            if table == "change_request":
                record = change.new_change(self.world, values, by)
            elif table == "incident":
                record = change.new_incident(self.world, values, by)
            elif table == "sysapproval_approver":
                record = approval.ask(self.world, values, by)
            else:
                record = insert(self.world, table, values, by)
            self._note(table, record, notes, by)
        answer = self._answer(request, table, record, 201)
        answer.headers["Location"] = f"{self._base(request)}/api/now/table/{table}/{record['sys_id']}"
        return answer

    async def change(self, request: Request) -> JSONResponse:
        table, by = self._table(request), request.scope[CALLER]
        values, notes = await self._values(request, table)
        record = self._record(request)
        with self.world.transaction():
            if table == "change_request":
                record = change.change_state(self.world, record, values, by)
            elif table == "incident":
                record = change.change_incident(self.world, record, values, by)
            elif table == "sysapproval_approver" and not record["sysapproval"]:
                record = approval.set_state(self.world, record, values, by)
            elif table == "sysapproval_approver" and values.get("state") in ("approved", "rejected"):
                record = self._approve(record, values, by)
            else:
                record = update(self.world, table, record, values, by)
            self._note(table, record, notes, by)
        return self._answer(request, table, record)

    async def delete(self, request: Request) -> Response:
        self.world.delete(kind(self._table(request)), self._record(request)["sys_id"])
        return Response(status_code=204)

    def _approve(self, record: Record, values: Record, by: str) -> Record:
        of = self.world.get(kind("change_request"), record["sysapproval"])
        approver = self.world.get(kind("sys_user"), record["approver"])
        if of is None or approver is None or record["state"] != "requested":
            raise Aborted(
                "Operation against file 'sysapproval_approver' was aborted: the approval is no longer asked for"
            )
        approved = values["state"] == "approved"
        change.decide(
            self.world, of["number"], approved=approved, by=approver["user_name"], because=values.get("comments")
        )
        return self.world.all(kind("sysapproval_approver"))[record["sys_id"]]

    def _note(self, table: str, record: Record, notes: Record, by: str) -> None:
        for element, text in notes.items():
            write_journal(self.world, table, record, element, text, by)

    async def _values(self, request: Request, table: str) -> tuple[Record, Record]:
        """What a body writes: to columns, and to journals. Unknown fields are ignored, as the instance does."""
        try:
            body = await request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise _Failure(400, "Exception while reading request", "The payload is not valid JSON.")
        by_label = request.query_params.get("sysparm_input_display_value") == "true"
        values: Record = {}
        for column, value in body.items():
            if column not in COLUMNS[table] or column.startswith("sys_"):
                continue
            text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
            if by_label:
                text = next((key for key, label in labels(table, column).items() if label == text), text)
            values[column] = resolved(self.world, column, text)
        journaled = JOURNALED if "number" in COLUMNS[table] else ()
        notes = {column: text for column in journaled if (text := values.pop(column, ""))}
        return values, notes

    def _table(self, request: Request) -> str:
        change.settle(self.world)
        table: str = request.path_params["table"]
        if table not in COLUMNS:
            raise _Failure(400, f"Invalid table {table}", None)
        return table

    def _record(self, request: Request) -> Record:
        found = self.world.get(kind(request.path_params["table"]), request.path_params["sys_id"])
        if found is None:
            raise _Failure(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")
        return found

    def _shower(self, request: Request) -> Shower:
        asked = request.query_params
        links = asked.get("sysparm_exclude_reference_link", "false").lower() != "true"
        return Shower(self.world, self._base(request), asked.get("sysparm_display_value", "false").lower(), links)

    def _answer(self, request: Request, table: str, record: Record, status: int = 200) -> JSONResponse:
        return JSONResponse({"result": self._shower(request).show(table, record, _fields(request))}, status)

    def _base(self, request: Request) -> str:
        return str(request.base_url).rstrip("/")


def _notes(world: World, record: Record) -> list[str]:
    notes = find(world, "sys_journal_field", element_id=record["sys_id"])
    return [f"{each['sys_created_by']} ({each['element'].replace('_', ' ')}): {each['value']}" for each in notes]


def _decision(record: Record) -> dict[str, Any]:
    state = labels("change_request", "state")[record["state"]]
    return {"change": record["number"], "state": state, "approval": record["approval"]}


def _fields(request: Request) -> list[str]:
    return [each.strip() for each in request.query_params.get("sysparm_fields", "").split(",") if each.strip()]


def _number(request: Request, name: str, default: int) -> int:
    value = request.query_params.get(name) or str(default)
    return int(value) if value.isdigit() else default


def _failure(status: int, message: str, detail: str | None) -> JSONResponse:
    return JSONResponse({"error": {"message": message, "detail": detail}, "status": "failure"}, status)


def _not_signed_in() -> Response:
    answer = _failure(401, "User Not Authenticated", "Required to provide Auth information")
    answer.headers["WWW-Authenticate"] = 'BASIC realm="Service-now"'
    return answer


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, _Failure)
    return _failure(error.status, error.message, error.detail)


async def _aborted(request: Request, error: Exception) -> Response:
    return _failure(403, "Operation Failed", str(error))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _failure(400, "Requested URI does not represent any resource", None)
    return _failure(error.status_code, error.detail, None)
