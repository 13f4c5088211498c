"""A picture as a value: it shows itself in notebooks, and gives itself in any format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias, final

from sessioncore.core import (
    IBM_GUIDE,
    PROFILES,
    BackendError,
    DeviceCore,
    Job,
    Mode,
    Profile,
    Session,
)
from sessioncore.core.events import TIMERS
from sessioncore.core.values import replaced, value

from .overlay import NOTHING, Overlay
from .picture import NAMES, Picture
from .reading import picture_of
from .refusals import PictureError

if TYPE_CHECKING:
    from sessioncore.trace import Trace

    from .journey import Journey

FORMATS = ("dot", "svg", "png", "pdf", "mermaid", "plantuml", "scxml", "json")
"""In what a chart can be drawn."""

MARKED = ("dot", "svg", "png", "pdf", "mermaid", "plantuml", "json")
"""The formats that can show what is drawn over a chart. SCXML is the chart and nothing else."""


@final
@value
class Diagram:
    """A picture of a chart. It is drawn when it is shown or asked for, and not before.

    In a notebook it shows itself as SVG, or as Mermaid text where nothing can draw an SVG.
    """

    picture: Picture
    profile: Profile
    mode: Mode
    overlay: Overlay = NOTHING

    def __repr__(self) -> str:
        from .texts import titled

        return f"<Diagram of {titled(self.picture, self.overlay)}>"

    def to(self, format: str, *, specs: str | None = None) -> str | bytes:
        """The picture in a format, one of :data:`FORMATS`: bytes for ``png`` and ``pdf``, text for every other.

        ``specs`` is the address of the folder ``specs`` as seen from where the picture will be, with a ``/`` at its
        end: then every id is a link to its sentence. Without it there are no links, as they would lead nowhere.

        The same diagram gives the same text. Raises :class:`PictureError` for a format that there is not or that
        cannot show this, and :class:`~sessioncore.core.BackendError`, with what to install, where it needs something
        that is missing.
        """
        if format not in FORMATS:
            raise PictureError(f"there is no format {format!r}: take {', '.join(FORMATS)}")
        if self.overlay is not NOTHING and format not in MARKED:
            raise PictureError(f"{format} holds the chart and nothing over it: take {', '.join(MARKED)}")
        picture = replaced(self.picture, specs=specs)
        if format in ("mermaid", "plantuml", "scxml", "json"):
            return self._text(format, picture)
        from .dot import dot_of
        from .render import image_of, svg_of

        source = dot_of(picture, self.overlay)
        if format == "dot":
            return source
        if format == "svg":
            from .texts import titled, told_of

            title, summary = titled(picture, self.overlay), told_of(picture, self.overlay)
            return svg_of(source, title=title, summary=summary, specs=specs)
        return image_of(source, format)

    def _text(self, format: str, picture: Picture) -> str:
        if format == "json":
            from .data import json_of

            return json_of(picture, self.profile, self.mode, self.overlay)
        if format == "scxml":
            from .scxml import scxml_of

            return scxml_of(picture)
        from . import texts

        return {"mermaid": texts.mermaid_of, "plantuml": texts.plantuml_of}[format](picture, self.overlay)

    def _repr_svg_(self) -> str:
        """For IPython and Jupyter."""
        drawn = self.to("svg")
        assert isinstance(drawn, str)
        return drawn

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:  # noqa: ARG002
        """For IPython and Jupyter: the picture, and its text for those that show none."""
        from .texts import told_of

        told = {"text/plain": f"{self!r}\n{told_of(self.picture, self.overlay)}"}
        try:
            return {"image/svg+xml": self._repr_svg_(), **told}
        except BackendError:
            return {"text/vnd.mermaid": self._text("mermaid", self.picture), **told}


def draw(
    name: str,
    *,
    profile: Profile | None = None,
    mode: Mode | None = None,
    against: Profile | None = None,
    coverage: Trace | Mapping[str, int] | None = None,
    trace: Trace | None = None,
    at: Trace | Session | Job | DeviceCore | None = None,
    subject: str | None = None,
) -> Diagram:
    """The chart ``name`` (one of :data:`NAMES`) of one half of a profile, and at most one thing drawn over it.

    ==============  =============================================================================================
    ``against``     another profile: what only one of the two does is marked, and what they do differently
    ``coverage``    a trace, or how often each row answered, by row id: rows that never did are pale. A trace says
                    besides in which state
    ``trace``       the path of one session, job or device through the chart, its steps numbered
    ``at``          where a live session, job or device stands, or where one stands at the end of a trace
    ==============  =============================================================================================

    ``subject`` is the id of that session, job or device; it may be left out where a trace has only one. Profile and
    mode are those of the trace, session or job if they are not given, else the guide's. In a picture of one session or
    job a timer is as long as was agreed for it.

    Raises :class:`PictureError` for a chart, a count or a subject that there is not, and
    :class:`~sessioncore.trace.TraceError` for a trace that does not replay.
    """
    if name not in NAMES:
        raise PictureError(f"there is no chart {name!r}: take {', '.join(NAMES)}")
    over = [word for word, asked in _asked(against, coverage, trace, at) if asked]
    if len(over) > 1:
        raise PictureError(f"one thing can be drawn over a chart, not {' and '.join(over)}")
    if subject is not None and not {"trace", "at"} & set(over):
        raise PictureError(f"{subject!r} can be looked for in a trace: give trace or at")
    if against is not None:
        from .against import compare

        first, half = profile or IBM_GUIDE, mode or Mode.DEDICATED
        compared, difference = compare(name, first, against, half)
        return Diagram(picture=compared, profile=first, mode=half, overlay=difference)
    if trace is not None or at is not None:
        return _journey(name, trace, at, subject, profile, mode)
    counts, met, own = _counted(coverage)
    profile, mode = profile or own or IBM_GUIDE, mode or Mode.DEDICATED
    picture = picture_of(name, profile, mode)
    if counts is None:
        return Diagram(picture=picture, profile=profile, mode=mode)
    from .heat import Heat

    return Diagram(picture=picture, profile=profile, mode=mode, overlay=Heat(picture, counts, met))


def _asked(*over: object) -> list[tuple[str, bool]]:
    """What may be drawn over a chart, and whether it was asked for."""
    return [(word, it is not None) for word, it in zip(("against", "coverage", "trace", "at"), over, strict=True)]


Counted: TypeAlias = tuple[Mapping[str, int] | None, Mapping[tuple[str, str], int] | None, Profile | None]


def _counted(coverage: Trace | Mapping[str, int] | None) -> Counted:
    """The counts of a coverage, by row and by state and row, and the profile that it comes with."""
    if coverage is None or isinstance(coverage, Mapping):
        return coverage, None, None
    from .journey import Run

    run = Run(coverage)
    return run.counts(), run.met, run.profile


def _journey(
    name: str,
    trace: Trace | None,
    at: Trace | Session | Job | DeviceCore | None,
    subject: str | None,
    profile: Profile | None,
    mode: Mode | None,
) -> Diagram:
    from .journey import Run
    from .path import Path, Standing

    if isinstance(at, Session | Job | DeviceCore):
        journey = _standing(name, at)
    else:
        told = at if trace is None else trace
        assert told is not None
        journey = Run(told).journey(name, subject)
    profile, mode = profile or journey.profile, mode or journey.mode
    # Under another profile or in the other mode it would have agreed on something else.
    is_own = (profile, mode) == (journey.profile, journey.mode)
    picture = picture_of(name, profile, mode, dict(journey.agreed) if is_own else {})
    drawn = {state.value for state in picture.states}
    missing = {journey.state, *(move.target for move in journey.moves)} - drawn
    if missing:
        raise PictureError(f"under {profile.name}, {mode.value}, no {name} is ever {' or '.join(sorted(missing))}")
    overlay = Standing(picture, journey) if trace is None else Path(journey)
    return Diagram(picture=picture, profile=profile, mode=mode, overlay=overlay)


def _standing(name: str, at: Session | Job | DeviceCore) -> Journey:
    """Where a live thing stands. Raises :class:`PictureError` for one that another chart is about."""
    from .journey import Journey, agreed_for

    own = "session" if isinstance(at, Session) else "job" if isinstance(at, Job) else "device"
    if own != name:
        raise PictureError(f"{at.id} is a {own}: it stands in the chart {own!r}, not in {name!r}")
    if isinstance(at, DeviceCore):
        return Journey(name=name, subject=at.id, profile=at.profile, state=at.state.value, now=at.now)
    if isinstance(at, Job):
        due = at.execution_limit_due
        limit = () if due is None else (("ExecutionLimitExpired", due),)
        return Journey(name=name, subject=at.id, state=at.status.value, timers=limit, agreed=agreed_for(at))
    terms = at.terms
    known = (profile for profile in PROFILES.values() if profile.half(terms.mode) == terms.parameters)
    profile = next(known, Profile(name="of its own", dedicated=terms.parameters, batch=terms.parameters))
    timers = tuple((TIMERS[rank].__name__, due) for due, rank in sorted(at.deadlines()))
    return Journey(
        name=name,
        subject=at.id,
        profile=profile,
        mode=terms.mode,
        state=at.configuration.value,
        timers=timers,
        agreed=agreed_for(at),
    )
