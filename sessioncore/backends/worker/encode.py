"""Results in the client's encoding, ``{"__type__": T, "__value__": V}``, and an executor's arrays (ibm-rest 8)."""

from __future__ import annotations

import base64
import io
import json
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sessioncore.ports import Json

_zlib_level = 1  # random bits do not shrink; more effort only costs time

_TENSOR_NAMES: Mapping[tuple[str, int], str] = {
    ("f", 2): "f16",
    ("f", 4): "f32",
    ("f", 8): "f64",
    ("i", 1): "i8",
    ("i", 2): "i16",
    ("i", 4): "i32",
    ("i", 8): "i64",
    ("u", 1): "u8",
    ("u", 2): "u16",
    ("u", 4): "u32",
    ("u", 8): "u64",
    ("c", 8): "c64",
    ("c", 16): "c128",
}

_compact = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def to_bytes(node: Json) -> bytes:
    """``node`` as compact JSON; numbers that JSON lacks are an error."""
    return _compact.encode(node).encode()


def _typed(kind: str, content: Json) -> Json:
    return {"__type__": kind, "__value__": content}


def array(values: NDArray[Any]) -> Json:
    """An array, of any number of axes including none."""
    packed = zlib.compress(_npy_head(values.dtype, values.shape) + values.tobytes(), _zlib_level)
    return _typed("ndarray", base64.b64encode(packed).decode())


@lru_cache(maxsize=256)
def _npy_head(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """How an ``.npy`` file of such an array begins; its numbers follow in C order."""
    if dtype.hasobject:
        raise ValueError("an array of objects cannot be sent")
    file = io.BytesIO()
    described = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, described)
    return file.getvalue()


def moment(at: datetime) -> Json:
    """A time."""
    return _typed("datetime", at.isoformat())


def bit_array(packed: NDArray[np.uint8], num_bits: int) -> Json:
    """A BitArray: packed bits of shape ``(*points, shots, bytes)``, most significant byte first."""
    return _typed("BitArray", {"array": array(packed), "num_bits": num_bits})


def data_bin(shape: Sequence[int], fields: Mapping[str, Json]) -> Json:
    """A DataBin of encoded fields."""
    content = {"field_names": list(fields), "shape": list(shape), "fields": dict(fields)}
    return _typed("DataBin", content)


def pub_result(kind: str, data: Json, metadata: Mapping[str, Json]) -> Json:
    """A SamplerPubResult or PubResult."""
    return _typed(kind, {"data": data, "metadata": dict(metadata)})


def primitive_result(pubs: Sequence[Json], metadata: Mapping[str, Json]) -> Json:
    """A PrimitiveResult."""
    return _typed("PrimitiveResult", {"pub_results": list(pubs), "metadata": dict(metadata)})


def execution_spans(start: datetime, stop: datetime, shapes: Sequence[tuple[int, ...]]) -> Json:
    """The spans of a sampler result: one, which holds everything; ``shapes`` end in the number of shots."""
    slices = {str(at): [list(shape), 0, int(np.prod(shape))] for at, shape in enumerate(shapes)}
    span = {"start": moment(start), "stop": moment(stop), "data_slices": slices}
    return _typed("ExecutionSpans", {"spans": [_typed("ExecutionSpan", span)]})


def tensor(values: NDArray[Any]) -> Json:
    """An executor's array: zlib-packed little-endian bytes, bits packed eight to a byte."""
    if values.dtype == np.bool_:
        raw, name = np.packbits(values.astype(np.uint8), bitorder="little").tobytes(), "bool"
    else:
        kind, size = values.dtype.kind, values.dtype.itemsize
        name = _TENSOR_NAMES[(kind, size)]
        raw = np.ascontiguousarray(values, dtype=f"<{kind}{size}").tobytes()
    packed = base64.b64encode(zlib.compress(raw, _zlib_level)).decode()
    return {"data": packed, "shape": list(values.shape), "dtype": name}
