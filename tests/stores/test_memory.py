"""The store in memory keeps what it is given, as it was given."""

from __future__ import annotations

import threading

import pytest

from sessioncore.ports import Store
from sessioncore.stores import MemoryStore


def test_it_is_a_store() -> None:
    store: Store = MemoryStore()
    store.close()
    store.close()


def test_records_come_back_in_order_and_cannot_be_changed_afterwards() -> None:
    store = MemoryStore()
    record = {"seq": 1, "effects": [1]}
    store.append([record, {"seq": 2}])
    record["effects"] = "changed"
    assert list(store.records()) == [{"seq": 1, "effects": [1]}, {"seq": 2}]


def test_an_append_is_all_or_nothing() -> None:
    store = MemoryStore()
    with pytest.raises(TypeError):
        store.append([{"seq": 1}, {"seq": object()}])
    assert list(store.records()) == []


def test_a_reader_sees_the_journal_as_it_was_when_it_asked() -> None:
    store = MemoryStore()
    store.append([{"seq": 1}])
    records = store.records()
    store.append([{"seq": 2}])
    assert list(records) == [{"seq": 1}]


def test_bytes_are_kept_by_kind_and_key_until_deleted() -> None:
    store = MemoryStore()
    store.put("params", "j", b"one")
    store.put("result", "j", b"two")
    store.put("params", "j", b"three")
    assert (store.get("params", "j"), store.get("result", "j"), store.get("log", "j")) == (b"three", b"two", None)
    store.delete("params", "j")
    store.delete("params", "j")
    assert store.get("params", "j") is None


def test_many_threads_lose_no_record() -> None:
    store = MemoryStore()
    threads = [
        threading.Thread(target=lambda name=name: [store.append([{"by": name}]) for _ in range(200)])  # type: ignore[misc]
        for name in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(store.records())) == 800
