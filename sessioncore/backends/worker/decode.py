"""Reading what a client sent: an allow-list, one function per kind of value (measurements.md section 7).

The payload is parsed as plain JSON; a ``{"__type__": T, "__value__": V}`` object stays plain until the place where it
stands says what it may be, and then only that is decoded. No class is ever looked up by a name from the payload, and
no pickle is read. Sizes are bounded before anything is inflated or allocated.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import math
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit, qpy

from sessioncore.ports import Json

qpy_version_min = 13
"""Loaders of older files have run code from them (CVE-2025-2000); refused by the header, before loading."""

qpy_bytes_max = 64 * 2**20
"""Largest inflated QPY file, in bytes."""

array_bytes_max = 256 * 2**20
"""Largest array, in bytes."""

nesting_depth_max = 200
"""How deep lists and objects may stand in one another."""

programs_max = 1000
"""Largest number of circuits in one QPY file."""

_npy_header_bytes_max = 4096
_npy_usual_head = re.compile(
    rb"\x93NUMPY\x01\x00(?P<size>..)"
    rb"\{'descr': '(?P<dtype>[<>|][biufc][0-9]{1,2})', 'fortran_order': (?P<order>True|False),"
    rb" 'shape': \((?P<shape>|[0-9]{1,9},|[0-9]{1,9}(?:, [0-9]{1,9}){1,9})\), \} *\n",
    re.DOTALL,
)
"""The head of an ``.npy`` file as numpy writes it: what it says is plain to see, and need not be parsed as Python."""

_qpy_preface = b"QISKIT"
_qpy_symbolic_encoding_at = 18
_TENSOR_TYPES: Mapping[str, str] = {
    "f16": "<f2",
    "f32": "<f4",
    "f64": "<f8",
    "i8": "<i1",
    "i16": "<i2",
    "i32": "<i4",
    "i64": "<i8",
    "u8": "<u1",
    "u16": "<u2",
    "u32": "<u4",
    "u64": "<u8",
    "c64": "<c8",
    "c128": "<c16",
}


class PayloadError(Exception):
    """The payload is not what the program takes. ``code`` is the vendor's number, ``remedy`` says what to do."""

    def __init__(self, message: str, *, remedy: str = "", code: int = 1208) -> None:
        super().__init__(message)
        self.remedy = remedy
        self.code = code


class MalformedError(PayloadError):
    """Bytes inside the payload are not what they say they are: found while decoding, so the job fails by it."""


def parse_json(body: bytes) -> Json:
    """``body`` as plain JSON values; refuses what is nested too deeply."""
    try:
        tree = json.loads(body)
    except RecursionError:
        raise PayloadError(f"The payload is nested deeper than {nesting_depth_max} levels.") from None
    except ValueError as error:
        raise PayloadError(f"The payload is not JSON: {error}.") from None
    layer = [tree] if isinstance(tree, dict | list) else []
    for _ in range(nesting_depth_max):
        if not layer:
            return tree
        layer = [
            child
            for node in layer
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
    raise PayloadError(f"The payload is nested deeper than {nesting_depth_max} levels.")


def typed(node: Json) -> str | None:
    """The ``__type__`` of an encoded value, or None for plain JSON."""
    if isinstance(node, dict) and "__type__" in node:
        kind = node["__type__"]
        if not isinstance(kind, str) or "__value__" not in node:
            raise PayloadError("An encoded value needs a text '__type__' and a '__value__'.")
        return kind
    return None


def _from_base64(text: Json, what: str) -> bytes:
    if not isinstance(text, str):
        raise PayloadError(f"{what} must be base64 text.")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedError(f"{what} is not base64: {error}.") from None


def inflate(data: bytes, bytes_max: int, what: str) -> bytes:
    """``data`` inflated, but never to more than ``bytes_max`` bytes."""
    inflater = zlib.decompressobj()
    try:
        result = inflater.decompress(data, bytes_max)
        if not inflater.eof and inflater.decompress(inflater.unconsumed_tail, 1):
            raise MalformedError(f"{what} inflates to more than {bytes_max} bytes.")
    except zlib.error as error:
        raise MalformedError(f"{what} is not zlib data: {error}.") from None
    if not inflater.eof:
        raise MalformedError(f"{what} is zlib data that ends too early.")
    return result


def check_qpy_header(data: bytes) -> int:
    """The number of circuits that a QPY file announces; refuses by its header what is not to be loaded."""
    if not data.startswith(_qpy_preface) or len(data) <= _qpy_symbolic_encoding_at:
        raise MalformedError("A circuit is not a QPY file.")
    version = data[len(_qpy_preface)]
    if version < qpy_version_min:
        raise PayloadError(
            f"A circuit is QPY version {version}; versions below {qpy_version_min} are refused.",
            remedy="Serialize it with a current version of Qiskit.",
        )
    if version > qpy.QPY_VERSION:
        raise PayloadError(
            f"A circuit is QPY version {version}; this service reads up to {qpy.QPY_VERSION}.",
            remedy="Upgrade Qiskit where the service runs, or write an older QPY version.",
        )
    if data[_qpy_symbolic_encoding_at : _qpy_symbolic_encoding_at + 1] != b"p":
        raise PayloadError("A circuit holds symbols in an encoding that is not read here.")
    return int.from_bytes(data[10:18], "big")


def circuits_from_qpy(data: bytes, annotations: Mapping[str, Callable[[], Any]] | None = None) -> list[QuantumCircuit]:
    """The circuits of a QPY file."""
    announced = check_qpy_header(data)
    if announced > programs_max:
        raise PayloadError(f"A QPY file holds more than {programs_max} circuits.")
    try:
        loaded = qpy.load(io.BytesIO(data), annotation_factories=annotations)
    except Exception as error:
        raise MalformedError(f"A circuit could not be read from its QPY file: {error}.") from error
    if not all(isinstance(item, QuantumCircuit) for item in loaded):
        raise MalformedError("A QPY file holds something that is not a circuit.")
    return list(loaded)


def circuit(node: Json) -> QuantumCircuit:
    """One circuit: ``{"__type__": "QuantumCircuit", "__value__": base64(zlib(QPY))}``."""
    return circuit_from_qpy(qpy_of(node))


def qpy_of(node: Json) -> bytes:
    """The QPY file that stands for one circuit, inflated and not looked into."""
    kind = typed(node)
    if kind != "QuantumCircuit":
        raise PayloadError(
            f"A circuit was expected, not {_describe(node)}.",
            remedy="Send circuits as QPY, as the Qiskit Runtime client does.",
        )
    return inflate(_from_base64(node["__value__"], "A circuit"), qpy_bytes_max, "A circuit")


def circuit_from_qpy(data: bytes) -> QuantumCircuit:
    """The one circuit of a QPY file."""
    circuits = circuits_from_qpy(data)
    if len(circuits) != 1:
        raise PayloadError("A QPY file must hold one circuit here.")
    return circuits[0]


def circuit_file(node: Json) -> bytes:
    """The QPY bytes of an executor's ``circuits`` object, inflated."""
    if not isinstance(node, dict):
        raise PayloadError("'circuits' must be an object with 'b64_data'.")
    packed = _from_base64(node.get("b64_data"), "'circuits'")
    return inflate(packed, qpy_bytes_max, "'circuits'")


def array(node: Json) -> NDArray[Any]:
    """Numbers: plain JSON, or ``{"__type__": "ndarray", "__value__": base64(zlib(npy)) or nested lists}``."""
    kind = typed(node)
    if kind == "ndarray":
        content = node["__value__"]
        if isinstance(content, str):
            return _npy(inflate(_from_base64(content, "An array"), array_bytes_max, "An array"))
        node = content
    elif kind is not None:
        raise PayloadError(f"Numbers were expected, not {_describe(node)}.")
    try:
        numbers = np.asarray(_plain_numbers(node))
    except ValueError as error:
        raise PayloadError(f"An array has a ragged or unknown content: {error}.") from None
    if numbers.dtype.kind not in "biufc":
        raise PayloadError("An array must hold numbers.")
    return numbers


def _plain_numbers(node: Json) -> Any:
    if isinstance(node, list | tuple):
        return [_plain_numbers(item) for item in node]
    if typed(node) == "complex":
        return complex_number(node)
    if typed(node) == "ndarray":
        return array(node)
    if isinstance(node, bool | int | float):
        return node
    raise PayloadError(f"A number was expected, not {_describe(node)}.")


def _npy(data: bytes) -> NDArray[Any]:
    """An ``.npy`` file of plain numbers; the header is checked against the data before anything is made."""
    shape, fortran_order, dtype, start = _npy_usual(data) or _npy_header(data)
    if dtype.hasobject or dtype.kind not in "biufc":
        raise PayloadError("An array must hold plain numbers; nothing is unpickled.")
    if math.prod(shape) * dtype.itemsize != len(data) - start:
        raise MalformedError("An array's data does not fit its shape.")
    return np.frombuffer(data[start:], dtype=dtype).reshape(shape, order="F" if fortran_order else "C")


_NpyHead = tuple[tuple[int, ...], bool, np.dtype[Any], int]
"""Shape, whether in Fortran's order, type, and where the numbers begin."""


def _npy_usual(data: bytes) -> _NpyHead | None:
    """The header in the one form that numpy writes for plain numbers; None for every other, which may be good too."""
    head = _npy_usual_head.match(data)
    if head is None or head.end() != 10 + int.from_bytes(head["size"], "little"):
        return None
    try:
        dtype = np.dtype(head["dtype"].decode())
    except TypeError:
        return None
    sizes = tuple(int(size) for size in head["shape"].split(b",") if size)
    return sizes, head["order"] == b"True", dtype, head.end()


def _npy_header(data: bytes) -> _NpyHead:
    """The header in any of its forms."""
    file = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, fortran_order, dtype = read_header(file, max_header_size=_npy_header_bytes_max)
    except (ValueError, KeyError, SyntaxError, TypeError) as error:
        raise MalformedError(f"An array is not a readable npy file: {error}.") from None
    return shape, fortran_order, dtype, file.tell()


def tensor(node: Json) -> NDArray[Any]:
    """An executor's array: ``{"data": base64(zlib(little-endian bytes)), "shape": [...], "dtype": "f64"}``."""
    if not is_tensor(node):
        raise PayloadError("An array needs 'data', 'shape' and 'dtype'.")
    shape, name = node["shape"], node["dtype"]
    if not isinstance(shape, list) or not all(_is_count(size) for size in shape):
        raise PayloadError("An array's 'shape' must be a list of sizes.")
    size = math.prod(shape)
    packed = _from_base64(node["data"], "An array")
    if name == "bool":
        raw = inflate(packed, array_bytes_max, "An array")
        if len(raw) != math.ceil(size / 8):
            raise MalformedError("An array's data does not fit its shape.")
        bits = np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little", count=size)
        return bits.astype(bool).reshape(shape)
    if name not in _TENSOR_TYPES:
        raise PayloadError(f"An array's 'dtype' must be one of bool, {', '.join(_TENSOR_TYPES)}.")
    dtype = np.dtype(_TENSOR_TYPES[name])
    raw = inflate(packed, array_bytes_max, "An array")
    if size * dtype.itemsize != len(raw):
        raise MalformedError("An array's data does not fit its shape.")
    return np.frombuffer(raw, dtype).reshape(shape)


def is_tensor(node: Json) -> bool:
    """Whether ``node`` is an executor's array."""
    return isinstance(node, dict) and {"data", "shape", "dtype"} <= node.keys()


def _is_count(size: Json) -> bool:
    return isinstance(size, int) and not isinstance(size, bool) and size >= 0


def complex_number(node: Json) -> complex:
    """A number: plain JSON, or ``{"__type__": "complex", "__value__": [re, im]}``."""
    if typed(node) == "complex":
        parts = node["__value__"]
        if isinstance(parts, list) and len(parts) == 2 and all(isinstance(part, int | float) for part in parts):
            return complex(parts[0], parts[1])
    elif isinstance(node, int | float) and not isinstance(node, bool):
        return complex(node)
    raise PayloadError(f"A number was expected, not {_describe(node)}.")


def moment(node: Json) -> datetime:
    """A time: ``{"__type__": "datetime", "__value__": ISO 8601}``."""
    if typed(node) == "datetime" and isinstance(node["__value__"], str):
        try:
            return datetime.fromisoformat(node["__value__"])
        except ValueError:
            pass  # said below, in the same words as every other wrong value
    raise PayloadError(f"A time was expected, not {_describe(node)}.")


def parameter_values(node: Json, of: QuantumCircuit) -> NDArray[np.float64]:
    """Values for the circuit's parameters, shape ``(*points, number of parameters)``, in the circuit's own order.

    Plain or encoded arrays, a ``BindingsArray``, or an object from parameter names to values.
    """
    wanted = [parameter.name for parameter in of.parameters]
    if typed(node) == "BindingsArray":
        return _bindings(node["__value__"], wanted)
    if isinstance(node, dict) and typed(node) is None:
        return _columns({(name,): array(values)[..., np.newaxis] for name, values in node.items()}, wanted)
    values = np.zeros((0,)) if node is None or node == [] else array(node)
    if values.dtype.kind not in "biuf":
        raise PayloadError("Parameter values must be real numbers.")
    if values.ndim == 0:
        values = values.reshape(1)
    if values.shape[-1] != len(wanted):
        raise PayloadError(
            f"The circuit has {len(wanted)} parameters, but the last axis of its values has length {values.shape[-1]}.",
            remedy="Send one value per parameter, in the order of circuit.parameters.",
        )
    return _finite(values.astype(np.float64))


def _bindings(content: Json, wanted: Sequence[str]) -> NDArray[np.float64]:
    if not isinstance(content, dict):
        raise PayloadError("A BindingsArray must be an object.")
    columns: dict[tuple[str, ...], NDArray[Any]] = {}
    for key, values in (content.get("data") or {}).items():
        names = parse_json(key.encode())
        if isinstance(names, str):
            names = [names]
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise PayloadError("The keys of a BindingsArray must be JSON lists of names.")
        columns[tuple(names)] = array(values)
    shape = content.get("shape")
    if not columns and isinstance(shape, list) and all(_is_count(size) for size in shape):
        return np.zeros((*shape, 0)) if not wanted else _columns({}, wanted)
    return _columns(columns, wanted)


def _columns(given: Mapping[tuple[str, ...], NDArray[Any]], wanted: Sequence[str]) -> NDArray[np.float64]:
    by_name: dict[str, NDArray[Any]] = {}
    for names, values in given.items():
        if values.ndim == 0 or values.shape[-1] != len(names) or values.dtype.kind not in "biuf":
            raise PayloadError("Parameter values do not fit their names.")
        for at, name in enumerate(names):
            by_name[name] = values[..., at]
    missing = [name for name in wanted if name not in by_name]
    if missing:
        raise PayloadError(f"There are no values for the parameters {', '.join(missing)}.")
    if not wanted:
        return np.zeros((0,))
    try:
        chosen = np.broadcast_arrays(*(by_name[name] for name in wanted))
    except ValueError as error:
        raise PayloadError(f"Parameter values do not fit together: {error}.") from None
    return _finite(np.stack(chosen, axis=-1).astype(np.float64))


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    if not np.isfinite(values).all():
        raise PayloadError("Parameter values must be finite numbers.")
    return values


def _describe(node: Json) -> str:
    kind = node.get("__type__") if isinstance(node, dict) else None
    if isinstance(kind, str):
        return f"an encoded {kind[:40]!r}"
    return {dict: "an object", list: "a list", str: "text", type(None): "null"}.get(type(node), "a number")
