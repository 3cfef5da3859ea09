"""What people see of a file that was read on this machine. Pure."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.render import Json, Writer
from common.texts import visible

_SHOWN_ERRORS = 10
_SHOWN_FURNITURE = 12
_SIGNS = {"\t": "TAB", " ": "␣", "": "-"}
_ORDERS = {"dmy": "read_order_dmy", "mdy": "read_order_mdy", "ymd": "read_order_ymd"}
_DECIMALS = {".": "read_point", ",": "read_comma"}
_EITHER = "read_either"
_WALL = "wall"
_OUTCOMES = {"read": ("✓", "green"), "needs_answer": ("?", "yellow"), "refused": ("✗", "red")}


def shown(document: Json, write: Writer) -> RenderableType:
    """Return all that is told of a file: how it ends, how it is read, what is wrong with rows."""
    parts: list[RenderableType] = [_headline(document, write)]
    found = document["understanding"]
    facts = [*_balance(document["balance"], found or {}, write), *_layout(found, write)]
    facts += _meaning(found, write)
    parts.append(_two_columns(facts))
    parts += _errors(document, write)
    return Group(*parts)


def _headline(document: Json, write: Writer) -> Text:
    mark, style = _OUTCOMES[document["outcome"]]
    said = document["refusal"] or document["question"]
    sentence = said["sentence"] if said else write.say("read_outcome_read")
    line = Text(f"{mark}  ", style=style)
    line.append(visible(document["file"]), style="bold")
    return line.append(f"  {sentence}", style="")


def _two_columns(facts: Sequence[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    for name, value in facts:
        grid.add_row(Text(f"   {name}", style="dim"), Text(value))
    return grid


def _balance(balance: Json | None, found: Json, write: Writer) -> Iterator[tuple[str, str]]:
    if balance is None:
        return
    yield write.say("read_rows"), write.say("read_balance", **balance)
    for name in ("left_out", "of_orders"):
        if counts := found.get(name):
            yield "", write.say(f"read_{name}", **{name: counts})
    money = write.say("read_money", **balance) if balance["accepted"] else ""
    yield "", money
    if balance["first_day"]:
        yield "", write.say("read_days", first=balance["first_day"], last=balance["last_day"])


def _layout(found: Json | None, write: Writer) -> Iterator[tuple[str, str]]:
    if found is None:
        return
    sure = write.say(f"read_by_{found['encoding_settled_by']}", sure=found["encoding_confidence"])
    yield write.say("read_encoding"), f"{found['encoding']} ({sure})"
    cells = write.say(
        f"read_cells_{found['columns_by']}",
        delimiter=_sign(found["delimiter"]),
        quote=_sign(found["quote"]),
    )
    yield write.say("read_cells"), cells + (f" {found['escape']}" if found["escape"] else "")
    yield write.say("read_header"), _header(found, write)
    around = found["furniture"]
    for i, each in enumerate(around[:_SHOWN_FURNITURE]):
        kind = write.say(f"read_{each['kind']}", line=each["line"])
        yield write.say("read_around") if i == 0 else "", f"{kind}: {visible(each['text'])}"
    if len(around) > _SHOWN_FURNITURE:
        yield "", write.say("read_more_lines", lines=len(around) - _SHOWN_FURNITURE)


def _header(found: Json, write: Writer) -> str:
    columns = len(found["header"])
    if found["header_line"] is None:
        return write.say("read_no_header", columns=columns)
    return write.say("read_header_at", line=found["header_line"], columns=columns)


def _sign(text: str) -> str:
    return _SIGNS.get(text) or visible(text)


def _meaning(found: Json | None, write: Writer) -> Iterator[tuple[str, str]]:
    if found is None or "mapping" not in found:
        return
    for i, (ours, name) in enumerate(found["mapping"].items()):
        yield write.say("read_columns") if i == 0 else "", _mapped(found, ours, name, write)
    if others := [name for name in found["header"] if name not in found["mapping"].values()]:
        yield "", write.say("read_others", found=[name or "-" for name in others])
    order, mark = found["date_order"], found["decimal_mark"]
    form = "" if found["date_form"] == _WALL else write.say(f"read_form_{found['date_form']}")
    said = _settled(_ORDERS.get(order, _EITHER), found["date_order_settled_by"], write)
    yield write.say("read_dates"), ", ".join(filter(None, (form, said)))
    said = _settled(_DECIMALS.get(mark, _EITHER), found["decimal_mark_settled_by"], write)
    yield write.say("read_numbers"), ", ".join(filter(None, (said, found["currency"])))


def _mapped(found: Json, ours: str, name: str, write: Writer) -> str:
    by = found["mapping_settled_by"][ours]
    sure = write.say(f"read_mapped_by_{by}", sure=found["mapping_confidence"][ours])
    return f"{ours} ← {visible(name) or '-'} ({sure})"


def _settled(code: str, by: str | None, write: Writer) -> str:
    return write.say(code) + (f" ({write.say(f'read_by_{by}')})" if by else "")


def _errors(document: Json, write: Writer) -> Iterator[RenderableType]:
    if not document["errors"]:
        return
    counts = [f"{each['code']} {write.number(each['rows'])}" for each in document["reasons"]]
    yield Text(f"   {write.say('read_errors')}: {', '.join(counts)}", style="bold")
    for error in document["errors"][:_SHOWN_ERRORS]:
        yield Text(f"   • {error['sentence']} {error['hint']}")
        at = write.say(
            "read_at", byte_offset=error["byte_offset"], byte_length=error["byte_length"]
        )
        yield Text(f"     {at} {error['excerpt']}", style="dim")
    if (left := sum(each["rows"] for each in document["reasons"]) - _SHOWN_ERRORS) > 0:
        yield Text(f"   {write.say('read_more_errors', rows=left)}", style="dim")
