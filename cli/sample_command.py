"""`datacore sample`: believable purchase files, with the plan they follow."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import Lang, Language
from cli.outcome import CommandError, Exit, ending
from common.texts import say


def sample(
    out: Annotated[Path, typer.Argument(file_okay=False, help="Folder to write into.")],
    customers: Annotated[int, typer.Option(min=1, help="How many shoppers.")] = 2_000,
    branches: Annotated[int, typer.Option(min=1, help="How many shops.")] = 3,
    files: Annotated[int, typer.Option(min=1, help="How many files, all shops together.")] = 8,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 7,
    lang: Lang = Language.EN,
) -> None:
    """Write believable purchase files, and the plan they follow.

    Made-up shoppers have habits of their own; there is a folder for each branch. Each branch
    exports in its own way, and one file is messy. The plan lies beside them: who has which habit,
    and what each file holds.

    Exit codes: 0 written · 2 wrong use.
    """
    with ending(lang.value):
        if files < branches:
            params = {"files": files, "branches": branches}
            raise CommandError(Exit.WRONG_USE, "sample_too_few_files", params)
        # Loaded here: it brings pandas.
        from cli.sample import generate

        out.mkdir(parents=True, exist_ok=True)
        generate(out, customers=customers, branches=branches, files=files, seed=seed)
        for path in sorted(out.glob("*/*.csv")):
            typer.echo(path)
        typer.echo(say("sample_plan", {"plan": out / "plan.json"}, language=lang.value), err=True)
