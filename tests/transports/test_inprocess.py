"""The same operations without a wire."""

from __future__ import annotations

import pytest

from sessioncore.core.errors import ClientError
from sessioncore.ports import Refused
from sessioncore.transports import InProcess

from .conftest import WHO, Service, job_body


@pytest.fixture
def calls(service: Service) -> InProcess:
    """The caller of ``service.client``, in process."""
    return InProcess(service.runtime, WHO)


def test_both_transports_tell_the_same(service: Service, calls: InProcess) -> None:
    session_id = calls.create_session({"mode": "dedicated", "backend": "alpha"})["id"]
    job_id = calls.create_job(job_body(session_id=session_id, tags=["a"]))["id"]
    service.alpha.succeed(job_id)
    assert calls.wait_for_job(job_id, 5)["state"]["status"] == "Completed"
    for path, told in (
        ("/backends", calls.backends()),
        ("/backends/alpha/configuration", calls.backend_configuration("alpha")),
        ("/backends/alpha/properties", calls.backend_properties("alpha")),
        ("/backends/alpha/status", calls.backend_status("alpha")),
        (f"/jobs/{job_id}", calls.job(job_id, exclude_params=False)),
        (f"/jobs/{job_id}?exclude_params=true", calls.job(job_id)),
        (f"/jobs/{job_id}/metrics", calls.metrics(job_id)),
        ("/jobs?limit=3&tags=a", calls.jobs(limit=3, tags=["a"], backend=None)),
        ("/workloads?mode=session", calls.workloads(mode="session")),
    ):
        answer = service.client.get(path).json()
        if "workloads" in answer:  # an active session's usage grows between two looks
            assert [entry["id"] for entry in answer["workloads"]] == [entry["id"] for entry in told["workloads"]]
        else:
            assert answer == told, path
    assert calls.result(job_id) == service.client.get(f"/jobs/{job_id}/results").text
    assert calls.log(job_id) == service.client.get(f"/jobs/{job_id}/logs").text
    assert calls.usage()["instance_id"] == WHO.instance


def test_sessions_and_jobs_are_ended_in_process(service: Service, calls: InProcess) -> None:
    session_id = calls.create_session({"mode": "batch", "backend": "alpha"})["id"]
    calls.close_session(session_id)
    assert calls.session(session_id)["state"] == "closed"
    other = calls.create_session({"mode": "batch", "backend": "alpha"})["id"]
    calls.cancel_session(other)
    assert calls.session(other)["state_reason"] == "cancelled"
    job_id = calls.create_job(job_body())["id"]
    calls.set_tags(job_id, ("x", "y"))
    assert sorted(calls.job(job_id)["tags"]) == ["x", "y"]
    assert calls.result(job_id) is None
    assert calls.wait_for_job(job_id, 0.01)["state"]["status"] in ("Queued", "Running")
    calls.cancel_job(job_id)
    calls.delete_job(job_id)
    with pytest.raises(ClientError, match="J-09"):
        calls.job(job_id)
    failed = calls.create_job(job_body())["id"]
    service.alpha.fail(failed, "it broke", log="Traceback")
    calls.wait_for_job(failed, 5)
    assert calls.result(failed) == "Traceback"


def test_refusals_are_raised(service: Service, calls: InProcess) -> None:
    service.alpha.verdict = Refused(message="Too wide.", remedy="Use fewer qubits.")
    with pytest.raises(ClientError, match=r"Too wide\. .*Use fewer qubits"):
        calls.create_job(job_body())
    with pytest.raises(ClientError) as caught:
        calls.jobs(limit=0)
    assert caught.value.http_status == 400
