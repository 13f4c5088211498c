"""How a worker reads and writes arrays, and which circuits it remembers."""

from __future__ import annotations

import base64
import io
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sessioncore.backends.worker import decode, encode, payload
from tests.backends.payloads import bell, qpy_of, wire_circuit

ARRAYS = (
    np.zeros((0,)),
    np.array(2.5),
    np.arange(6, dtype="<i4").reshape(2, 3),
    np.asfortranarray(np.arange(6, dtype=">f8").reshape(2, 3)),
    np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
    np.array([True, False]),
    np.array([1 + 2j]),
    np.zeros((3, 0, 2), dtype=np.float32),
)


def _npy(values: NDArray[Any], version: tuple[int, int] | None = None) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, values, version, allow_pickle=False)
    return file.getvalue()


def _node(npy: bytes) -> dict[str, str]:
    return {"__type__": "ndarray", "__value__": base64.b64encode(zlib.compress(npy)).decode()}


@pytest.mark.parametrize("values", ARRAYS)
def test_an_array_that_numpy_wrote_is_read_without_parsing_its_header_as_python(
    values: NDArray[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(decode, "_npy_header")
    read = decode.array(_node(_npy(values)))
    assert read.dtype == values.dtype
    np.testing.assert_array_equal(read, values, strict=True)


@pytest.mark.parametrize("values", ARRAYS)
def test_a_header_in_another_form_is_read_as_well(values: NDArray[Any]) -> None:
    later = _npy(values, (2, 0))
    other = _npy(values).replace(b"{'descr': ", b"{ 'descr':", 1)
    for npy in (later, other):
        assert decode._npy_usual(npy) is None
        np.testing.assert_array_equal(decode.array(_node(npy)), values, strict=True)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"'<f8'", b"'<f7'"), (b"'<f8'", b"'|O8'"), (b"(2,)", b"(3,)"), (b"(2,)", b"(-2,)"), (b"\x76\x00", b"\x75\x00")],
)
def test_a_header_that_lies_is_refused(old: bytes, new: bytes) -> None:
    npy = _npy(np.array([1.0, 2.0]))
    assert old in npy
    with pytest.raises(decode.PayloadError):
        decode.array(_node(npy.replace(old, new, 1)))


@pytest.mark.parametrize("values", ARRAYS)
def test_an_array_is_written_as_numpy_reads_it(values: NDArray[Any]) -> None:
    packed = base64.b64decode(encode.array(values)["__value__"])
    read = np.load(io.BytesIO(zlib.decompress(packed)), allow_pickle=False)
    np.testing.assert_array_equal(read, values, strict=True)


def test_an_array_of_objects_is_not_written() -> None:
    with pytest.raises(ValueError, match="objects"):
        encode.array(np.array([object()]))


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What is really read, in a process that remembers no circuit yet."""
    read: list[bytes] = []
    real = decode.circuit_from_qpy

    def reading(data: bytes) -> Any:
        read.append(data)
        return real(data)

    monkeypatch.setattr(decode, "circuit_from_qpy", reading)
    payload._circuits.clear()
    yield read
    payload._circuits.clear()


def _params(angle: float) -> dict[str, Any]:
    circuit = bell()
    circuit.global_phase = angle
    return {"version": 2, "pubs": [[wire_circuit(qpy_of(circuit)), [], 10]]}


def test_a_circuit_that_comes_again_is_read_once_for_each_device(remembered: list[bytes]) -> None:
    params = _params(0.0)
    for spelling in ("ideal_5", "ideal_5", "noisy_5", "ideal_5"):
        pubs, _ = payload.sampler_pubs(params, spelling)
        assert pubs[0].circuit.count_ops()["cx"] == 1
    assert len(remembered) == 2


def test_a_circuit_that_does_not_fit_is_refused_again_and_again(remembered: list[bytes]) -> None:
    for _ in range(2):
        with pytest.raises(decode.PayloadError, match="not supported by ideal_127"):
            payload.sampler_pubs(_params(0.0), "ideal_127")
    assert len(remembered) == 2
    assert not payload._circuits


def test_few_circuits_are_remembered_and_no_large_one(remembered: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    first = _params(0.0)
    payload.sampler_pubs(first, "ideal_5")
    for angle in range(payload.kept_circuits_max + 4):
        payload.sampler_pubs(_params(angle / 100), "ideal_5")
    assert len(payload._circuits) == payload.kept_circuits_max
    payload.sampler_pubs(first, "ideal_5")  # it has been forgotten
    assert len(remembered) == payload.kept_circuits_max + 6
    monkeypatch.setattr(payload, "kept_qpy_bytes_max", 10)
    payload._circuits.clear()
    payload.sampler_pubs(_params(0.0), "ideal_5")
    assert not payload._circuits
