"""Recovery: an owner has the client's own uploads read again, and settles what was given up on.

Trigger    HTTP
Reads      replay runs, uploads, parked messages (PostgreSQL)
Writes     replay runs, which reconcile drives; what was decided about parked messages, with its
           claim, upload and outbox row (PostgreSQL)
Publishes  nothing itself: the outbox is relayed by any worker

Asked twice: a second replay meets finished work and changes nothing; of two decisions about a
parked message the first one stands, and the second is told so.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from common.parked import Filter, ParkedMessage
from common.replay import STATES, Run, Wish
from common.texts import say
from functions.report_api.access import Owner, Spoken, TheWorld
from functions.report_api.problems import not_found
from functions.report_api.schemas import Principal
from functions.report_api.world import StoreTime, World

of_client = APIRouter(prefix="/clients/{client}")

State = Literal["announced", "reading", "needs_answer", "parked", "stored", "duplicate", "rejected"]


# --- replays ----------------------------------------------------------------------------------


class ReplayRequest(BaseModel):
    """Uploads that somebody wants to go through again."""

    model_config = ConfigDict(extra="forbid")

    since: StoreTime | None = Field(default=None, alias="from")
    until: StoreTime | None = Field(default=None, alias="to")
    prefix: str = Field(default="", max_length=1024, pattern=r"^[^\x00]*$")
    states: list[State] | None = Field(default=None, min_length=1)
    force: bool = False
    rate: float | None = Field(default=None, gt=0, le=1000)
    dry_run: bool = False


@of_client.post("/replays", status_code=HTTPStatus.ACCEPTED)
def start_replay(wanted: ReplayRequest, world: TheWorld, asker: Owner) -> JSONResponse:
    """Have uploads go through again, or only say which ones would."""
    wish = Wish(
        client=asker.client,
        prefix=wanted.prefix,
        states=tuple(wanted.states or STATES),
        since=wanted.since,
        until=wanted.until,
        is_forced=wanted.force,
        rate=wanted.rate,
    )
    if wanted.dry_run:
        seen = world.replays.preview(wish)
        return JSONResponse({"total": seen.total, "examples": list(seen.examples)})
    run = world.replays.start(wish, by=asker.user)
    return JSONResponse(
        _run_body(run),
        status_code=HTTPStatus.ACCEPTED,
        headers={"Location": f"/clients/{asker.client}/replays/{run.id}", "Retry-After": "1"},
    )


@of_client.get("/replays/{run_id}")
def show_replay(run_id: str, world: TheWorld, asker: Owner) -> dict[str, Any]:
    """Say how far a replay is."""
    return _run_body(_found(world.replays.find(run_id, client=asker.client)))


@of_client.delete("/replays/{run_id}")
def cancel_replay(run_id: str, world: TheWorld, asker: Owner) -> dict[str, Any]:
    """End a replay before its time; what was published is handled."""
    return _run_body(_found(world.replays.cancel(run_id, client=asker.client)))


def _found(run: Run | None) -> Run:
    if run is None:
        raise not_found()
    return run


def _run_body(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "state": run.state,
        "function": run.wish.function,
        "prefix": run.wish.prefix,
        "states": list(run.wish.states),
        "from": _time(run.wish.since),
        "to": _time(run.wish.until),
        "force": run.wish.is_forced,
        "total": run.total,
        "published": run.published,
        "requested_by": run.requested_by,
        "created_at": _time(run.created_at),
        "ended_at": _time(run.ended_at),
    }


# --- parked messages --------------------------------------------------------------------------


@of_client.get("/parked")
def list_parked(
    world: TheWorld,
    asker: Owner,
    language: Spoken,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    resolved: bool = False,
) -> dict[str, Any]:
    """Return what was given up on, the newest first."""
    wanted = Filter(client=asker.client, with_resolved=resolved)
    found = world.parked.list(wanted, limit=limit)
    return {"parked": [_parked_body(message, language) for message in found]}


@of_client.get("/parked/{parked_id}")
def show_parked(parked_id: str, world: TheWorld, asker: Owner, language: Spoken) -> dict[str, Any]:
    """Return one parked message with its body; tracebacks stay with the operator."""
    message = _message(world, asker, parked_id)
    body = message.body.decode(errors="replace")
    return {**_parked_body(message, language), "body": body}


@of_client.post("/parked/{parked_id}/replay")
def replay_parked(
    parked_id: str, world: TheWorld, asker: Owner, language: Spoken
) -> dict[str, Any]:
    """Have the message handled again."""
    is_done = world.parked.replay(_message(world, asker, parked_id), by=asker.user)
    return _decided(world, asker, parked_id, language, is_done=is_done)


@of_client.post("/parked/{parked_id}/discard")
def discard_parked(
    parked_id: str, world: TheWorld, asker: Owner, language: Spoken
) -> dict[str, Any]:
    """Give the message up for good."""
    is_done = world.parked.discard(_message(world, asker, parked_id), by=asker.user)
    return _decided(world, asker, parked_id, language, is_done=is_done)


def _message(world: World, asker: Principal, parked_id: str) -> ParkedMessage:
    message = world.parked.find(parked_id, client=asker.client)
    if message is None:
        raise not_found()
    return message


def _decided(
    world: World, asker: Principal, parked_id: str, language: str, *, is_done: bool
) -> dict[str, Any]:
    message = _message(world, asker, parked_id)
    code = f"parked_{message.resolution}" if is_done else f"parked_was_{message.resolution}"
    params = {"when": message.resolved_at, "who": message.resolved_by}
    return {
        **_parked_body(message, language),
        "changed": is_done,
        "sentence": say(code, params, language=language),
    }


def _parked_body(message: ParkedMessage, language: str) -> dict[str, Any]:
    return {
        "id": message.id,
        "function": message.function,
        "reason": message.reason,
        "cause": say(f"parked_reason_{message.reason}", language=language),
        "tries": message.tries,
        "first_failed": _time(message.first_failed),
        "parked_at": _time(message.parked_at),
        "resolution": message.resolution,
        "resolved_at": _time(message.resolved_at),
        "resolved_by": message.resolved_by,
    }


def _time(when: datetime | None) -> str | None:
    return when.isoformat() if when else None
