"""Devices: their names, and descriptions that the stock client can work with."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings

import pytest
from qiskit import QuantumCircuit

from sessioncore.backends import DEFAULT_DEVICES, BackendError, device_names, open_backends
from sessioncore.backends.devices import device
from tests.backends.payloads import target, transpiled

SOME = (*DEFAULT_DEVICES, "fake_manila", "fake_sherbrooke", "fake_fez", "fake_torino")


def test_out_of_the_box_there_are_a_small_ideal_a_small_noisy_and_a_127_qubit_device() -> None:
    described = [(device(name).configuration["n_qubits"], device(name).noise) for name in DEFAULT_DEVICES]
    assert described == [(5, False), (5, True), (127, False)]


def test_every_fake_device_of_the_vendor_is_there_by_name() -> None:
    from qiskit_ibm_runtime.fake_provider import FakeProviderForBackendV2

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some of them warn that their figures are made up
        theirs = {backend.name for backend in FakeProviderForBackendV2().backends()}
    assert theirs <= set(device_names())


@pytest.mark.parametrize("name", SOME)
def test_the_client_makes_a_target_of_it_and_transpiles_to_it(name: str) -> None:
    circuit = QuantumCircuit(3, 3)
    circuit.h(0)
    circuit.cx(0, 2)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure([1, 2], [1, 2])
    chosen = target(name)
    assert chosen.num_qubits == device(name).configuration["n_qubits"]
    for instruction in transpiled(circuit, name).data:
        assert instruction.name in {*chosen.operation_names, "barrier"}


def test_no_device_calls_itself_a_simulator_since_clients_open_no_session_on_one() -> None:
    for name in device_names():
        configuration = device(name).configuration
        assert configuration["simulator"] is False
        assert configuration["backend_name"] == name
        json.dumps(configuration)


def test_the_noise_of_a_device_can_be_switched_off_under_the_same_name() -> None:
    noisy, quiet = device("fake_manila"), device("fake_manila:noiseless")
    assert (noisy.name, quiet.name) == ("fake_manila", "fake_manila")
    assert (noisy.noise, quiet.noise) == (True, False)
    assert device(quiet.spelling) == quiet
    assert device(noisy.spelling) == noisy


def test_our_127_qubits_stand_in_the_same_lattice_as_the_vendors() -> None:
    def edges(name: str) -> set[frozenset[int]]:
        return {frozenset(edge) for edge in device(name).configuration["coupling_map"]}

    assert edges("ideal_127") == edges("fake_sherbrooke")


def test_an_unknown_name_is_answered_with_what_there_is() -> None:
    with pytest.raises(BackendError, match=r"Did you mean 'fake_manila'\?.*ideal_5, noisy_5.*:noiseless"):
        device("fake_manilla")


def test_a_device_cannot_be_opened_twice_at_once() -> None:
    with pytest.raises(BackendError, match="given twice"):
        open_backends(["fake_manila", "fake_manila:noiseless"])


def test_opening_devices_imports_no_qiskit_in_this_process() -> None:
    program = (
        "import sys; from sessioncore.backends import *;"
        " b = open_backends([*DEFAULT_DEVICES, 'fake_fez'], workers=1); [x.configuration() for x in b];"
        " [x.close() for x in b];"
        " bad = [m for m in sys.modules if m.split('.')[0] in"
        " ('qiskit', 'qiskit_aer', 'qiskit_ibm_runtime', 'samplomatic', 'numpy')]; assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
