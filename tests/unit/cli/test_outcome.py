import pytest
import typer

from cli.outcome import CommandError, Exit, combined, ending

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("exits", "together"),
    [
        ([Exit.DONE], Exit.DONE),
        ([Exit.FAILED, Exit.FAILED], Exit.FAILED),
        ([Exit.DONE, Exit.FAILED], Exit.PARTLY),
        ([Exit.UNREACHABLE, Exit.DONE], Exit.PARTLY),
    ],
)
def test_several_ends_become_one(exits, together):
    assert combined(exits) is together


def test_a_failure_is_said_on_stderr_in_the_reader_s_language(capsys):
    with pytest.raises(typer.Exit) as ended, ending("es"):
        raise CommandError(Exit.NOT_FOUND, "cli_unknown_client", {"client": "x", "clients": ["a"]})

    said = capsys.readouterr()
    assert ended.value.exit_code == 3
    assert (said.out, said.err) == ("", "Aquí no hay ningún cliente x. Conocidos: a.\n")


def test_an_interrupt_has_an_exit_code_of_its_own():
    with pytest.raises(typer.Exit) as ended, ending("en"):
        raise KeyboardInterrupt

    assert ended.value.exit_code == 130


def test_a_bug_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError), ending("en"):
        1 / 0  # noqa: B018 - it raises
