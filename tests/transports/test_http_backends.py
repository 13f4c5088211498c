"""Backends, the instance, workloads and versions over HTTP (ibm-rest 5)."""

from __future__ import annotations

import pytest

from .conftest import CRN, Service, error_of, wait_until


def test_the_devices_tell_what_least_busy_needs(service: Service) -> None:
    service.submit()
    devices = {d["name"]: d for d in service.client.get("/backends?include_mocks=True").json()["devices"]}
    assert devices["alpha"]["status"] == {"name": "online"}
    assert devices["alpha"]["queue_length"] == 1
    assert devices["alpha"]["qubits"] == devices["alpha"]["physical_qubits"] == 5
    assert devices["beta"]["physical_qubits"] == 127
    assert devices["alpha"]["is_simulator"] is False
    assert devices["alpha"]["processor_type"] == {"family": "Test", "revision": 1}


def test_the_status_of_a_device_follows_its_operator(service: Service) -> None:
    status = service.client.get("/backends/alpha/status").json()
    assert status == {
        "state": True,
        "status": "active",
        "message": "",
        "length_queue": 0,
        "backend_version": "1.2.3",
    }
    service.runtime.pause("alpha")
    paused = service.client.get("/backends/alpha/status").json()
    assert (paused["state"], paused["status"]) == (False, "paused")
    [alpha, _] = service.client.get("/backends").json()["devices"]
    assert alpha["status"]["name"] == "paused"
    service.runtime.take_offline("alpha")
    assert service.client.get("/backends/alpha/status").json()["status"] == "offline"


def test_configuration_properties_and_defaults_are_the_backends(shared: Service) -> None:
    for _ in range(2):
        assert shared.client.get("/backends/alpha/configuration").json() == shared.alpha.configuration()
        assert shared.client.get("/backends/alpha/properties").json() == shared.alpha.properties()
    assert shared.client.get("/backends/alpha/properties?updated_before=2026-01-01T00:00:00+00:00").status_code == 200
    assert shared.client.get("/backends/alpha/defaults").json() == {}


def test_a_backend_that_changes_its_properties_is_heard(service: Service) -> None:
    assert service.client.get("/backends/alpha/properties").json()["qubits"] == []
    service.alpha._properties = {"backend_name": "alpha", "qubits": [[]]}
    assert service.client.get("/backends/alpha/properties").json()["qubits"] == [[]]


@pytest.mark.parametrize("what", ["configuration", "properties", "status", "defaults"])
def test_an_unknown_backend_is_not_found(shared: Service, what: str) -> None:
    answer = shared.client.get(f"/backends/nowhere/{what}")
    assert answer.status_code == 404
    assert "alpha" in error_of(answer)["solution"]


@pytest.mark.parametrize("what", ["configuration", "properties"])
def test_an_unknown_calibration_is_not_found(shared: Service, what: str) -> None:
    answer = shared.client.get(f"/backends/alpha/{what}?calibration_id=unknown")
    assert answer.status_code == 404
    error_of(answer)


def test_the_calibration_that_the_configuration_names_can_be_used(service: Service) -> None:
    service.alpha._configuration["calibration_id"] = "cal-1"
    assert service.client.get("/backends/alpha/configuration?calibration_id=cal-1").status_code == 200
    job_id = service.submit(calibration_id="cal-1")
    assert service.client.get(f"/jobs/{job_id}").json()["calibration_id"] == "cal-1"


def test_usage_is_that_of_the_instance(service: Service) -> None:
    usage = service.client.get("/instances/usage").json()
    assert usage["instance_id"] == CRN
    assert usage["plan_id"]
    assert usage["usage_consumed_seconds"] == 0
    assert usage["usage_limit_reached"] is False
    service.done()
    assert service.client.get("/instances/usage").json()["usage_consumed_seconds"] > 0
    assert service.client.get("/instance").json()["backends"] == ["alpha", "beta"]


def test_workloads_are_sessions_and_jobs_of_their_own(service: Service) -> None:
    session_id = service.open_session()
    service.submit(session_id)
    batch_id = service.open_session(mode="batch", backend="beta")
    job_id = service.submit(tags=["mine"], backend="beta")
    wait_until(lambda: service.devices["beta"].is_running(job_id))

    def found(query: str) -> list[str]:
        return [entry["id"] for entry in service.client.get(f"/workloads?{query}").json()["workloads"]]

    assert found("") == [session_id, batch_id, job_id]
    assert found("sort=-createdAt") == [job_id, batch_id, session_id]
    assert found("mode=session") == [session_id]
    assert found("mode=batch") == [batch_id]
    assert found("mode=job") == [job_id]
    assert found("status=in_progress&status=pending&mode=job") == [job_id]
    assert found("status=pending") == [batch_id]
    assert found("backend=alpha") == [session_id]
    assert found("tags=mine") == [job_id]
    assert found(f"search={batch_id}&user=me") == [batch_id]
    assert found("created_before=2001-01-01T00:00:00Z") == []
    page = service.client.get("/workloads?limit=2").json()
    assert (page["total_count"], page["limit"], len(page["workloads"])) == (3, 2, 2)
    following = service.client.get(page["next"]["href"]).json()
    assert [entry["id"] for entry in following["workloads"]] == [job_id]
    assert "previous" in following
    assert "next" not in following
    [entry] = service.client.get("/workloads?mode=job").json()["workloads"]
    assert entry["status"] == "in_progress"
    assert entry["accepting_jobs"] is None
