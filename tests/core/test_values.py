"""Values are frozen whichever way they are made, and a draft is a copy that nobody else sees."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from sessioncore.core import JobStatus, NotifyJob
from sessioncore.core.values import drafter, freeze, maker, opener, replaced

MAKERS: list[Callable[..., NotifyJob]] = [NotifyJob, maker(NotifyJob)]
told = NotifyJob(at=1, job_id="j", status=JobStatus.QUEUED, row="J-01.submit")


@pytest.mark.parametrize("make", MAKERS, ids=["class", "maker"])
def test_a_value_is_frozen_equal_hashable_and_says_how_to_make_it(make: Callable[..., NotifyJob]) -> None:
    made = make(at=1, job_id="j", status=JobStatus.QUEUED, row="J-01.submit")
    assert type(made) is NotifyJob
    assert made == told
    assert hash(made) == hash(told)
    assert eval(repr(made), {"NotifyJob": NotifyJob, "JobStatus": JobStatus}) == told  # noqa: S307 - our own repr
    for change in (lambda: setattr(made, "at", 2), lambda: delattr(made, "at"), lambda: setattr(made, "new", 2)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            change()


@pytest.mark.parametrize("make", MAKERS, ids=["class", "maker"])
def test_a_value_is_made_by_keywords_alone_and_all_that_have_no_default(make: Callable[..., NotifyJob]) -> None:
    with pytest.raises(TypeError, match="job_id"):
        make(at=1, status=JobStatus.QUEUED, row="")
    with pytest.raises(TypeError, match="unknown"):
        make(at=1, job_id="j", status=JobStatus.QUEUED, row="", unknown=1)
    with pytest.raises(TypeError, match="positional"):
        make(1, "j", JobStatus.QUEUED, "")


def test_the_signature_of_a_value_is_that_of_its_fields() -> None:
    assert list(inspect.signature(NotifyJob).parameters) == [field.name for field in attrs.fields(NotifyJob)]


def test_a_value_can_be_copied_pickled_and_changed_into_another() -> None:
    assert copy.copy(told) == copy.deepcopy(told) == pickle.loads(pickle.dumps(told)) == told  # noqa: S301 - our own
    assert replaced(told, at=2).at == 2
    assert told.at == 1


@pytest.mark.parametrize("draft", [drafter(NotifyJob), lambda old: opener(NotifyJob)(**attrs.asdict(old))])
def test_a_draft_can_be_changed_and_once_frozen_is_a_value_like_any_other(draft: Callable[[NotifyJob], Any]) -> None:
    changed = draft(told)
    changed.at = 2
    with pytest.raises(AttributeError):
        changed.att = 3
    frozen: Any = freeze(changed, NotifyJob)
    assert frozen is changed is freeze(frozen, NotifyJob)
    assert frozen == replaced(told, at=2)
    assert type(frozen) is NotifyJob
    assert told.at == 1
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        frozen.at = 3
