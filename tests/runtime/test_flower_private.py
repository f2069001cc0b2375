"""Flower's private parts: they are there, and we say so when they are not."""

import copy
import gc
import logging
import pickle
import weakref

import flwr.serverapp.strategy.strategy_utils as strategy_utils
import flwr.supercore.run
import flwr.supercore.task_identity
import numpy as np
import pytest
from flwr.app import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Message,
    MessageType,
    MetricRecord,
    RecordDict,
)

from lecturekit.runtime import LocalGrid, flower_private
from lecturekit.runtime.fast_arrays import (
    FLOWERS_DECODING,
    FLOWERS_ENCODING,
    decoded,
    encoded,
)
from lecturekit.runtime.fast_records import FastRecordDict, filled
from tests.runtime.toy import halfway_app, train_message


def test_the_installed_flower_has_all_we_need():
    """A new version of Flower has to pass this before we allow it."""
    flower_private.check()


@pytest.mark.parametrize(
    ("target", "named"),
    [
        ("flwr.supercore.task_identity.TaskIdentity", "TaskIdentity"),
        ("flwr.supercore.task_identity._TaskIdentityMeta.node_id", "node_id"),
        ("flwr.supercore.run.Run", "flwr.supercore.run.Run"),
        ("flwr.supercore.run.Run.create_empty", "create_empty"),
        ("flwr.common.serde.error_to_proto", "error_to_proto"),
        ("flwr.common.constant.ErrorCode", "flwr.common.constant.ErrorCode"),
        (
            "flwr.common.constant.ErrorCode.CLIENT_APP_RAISED_EXCEPTION",
            "CLIENT_APP_RAISED_EXCEPTION",
        ),
    ],
)
def test_what_moved_is_named(monkeypatch, target, named):
    """The sentence names the missing thing, Flower's version and what to do."""
    monkeypatch.delattr(target)

    with pytest.raises(flower_private.FlowerMoved) as moved:
        flower_private.check()

    assert named in str(moved.value)
    assert f"flwr {flower_private.flower_version()}" in str(moved.value)
    assert "install flwr 1.41" in str(moved.value)


def test_renamed_functions_of_a_client_app_are_named(monkeypatch):
    """The registry of a ClientApp's functions is private, too."""
    app = halfway_app()
    app.functions = app.__dict__.pop("_registered_funcs")

    with pytest.raises(flower_private.FlowerMoved, match="_registered_funcs"):
        flower_private.has_function(app, "train")


def test_the_number_of_nodes_awaited_is_that_of_the_strategy(monkeypatch):
    """It stands in a variable of Flower's; under another name, it is missed."""

    def sample_nodes(grid, min_nodes, sample_size):
        return grid.get_node_ids()

    assert flower_private.nodes_awaited() == 0
    assert flower_private._probe_nodes_awaited() == 2
    monkeypatch.setattr(strategy_utils, "sample_nodes", sample_nodes)
    with pytest.raises(flower_private.FlowerMoved, match="min_available_nodes"):
        flower_private.check()


def test_a_renamed_message_id_is_named():
    """Without the slot, every message would keep the empty id."""
    flower_private.server_identity()
    message = train_message(node_id=1000)
    message.metadata.__dict__["_id"] = message.metadata.__dict__.pop("_message_id")

    with pytest.raises(flower_private.FlowerMoved, match="_message_id"):
        flower_private.set_message_id(message, "m1")


def test_a_process_in_a_run_keeps_its_identity(monkeypatch):
    """A LocalGrid inside a real node does not make the node forget who it is."""
    identity = flwr.supercore.task_identity.TaskIdentity
    monkeypatch.setattr(identity, "_run_id", 42)
    monkeypatch.setattr(identity, "_node_id", 7)
    monkeypatch.setattr(identity, "_task_id", 3)
    LocalGrid(halfway_app(), 2)

    assert Message(RecordDict(), 1000, MessageType.TRAIN).metadata.run_id == 42


def test_functions_are_found_by_type_and_action():
    """A message type is a category with an optional action."""
    app = halfway_app()
    app.train("twice")(lambda message, context: message)

    assert flower_private.has_function(app, "train")
    assert flower_private.has_function(app, "train.twice")
    assert not flower_private.has_function(app, "query")
    assert not flower_private.has_function(app, "evaluate.twice")


PLAIN = [
    np.float32([[1, 2, 3], [4, 5, 6]]),
    np.array(7, dtype=np.int64),
    np.zeros((0, 4), dtype=np.float16),
    np.array([True, False]),
    np.array([1 + 2j]),
    np.arange(3, dtype=">i4"),  # the other byte order
    np.ones((1, 3), order="F"),  # both orders at once
]
SPECIAL = [
    np.asfortranarray(np.float64([[1, 2, 3], [4, 5, 6]])),
    np.arange(10)[::2],
    np.array(["one", "three"]),
    np.array(["2020-02-29"], dtype="M8[D]"),
    np.array([(1, 2.0)], dtype=[("n", "i4"), ("x", "f8")]),
    np.ones((2, 2)).view(np.matrix),
]
each_kind = pytest.mark.parametrize(
    "values", PLAIN + SPECIAL, ids=lambda values: f"{values.dtype}{list(values.shape)}"
)


@each_kind
def test_fast_encoding_equals_flowers(values):
    """The same bytes, and the same Array around them."""
    flowers, fast = FLOWERS_ENCODING(values), encoded(values)

    assert type(fast) is Array
    assert fast == flowers
    assert fast.object_id == flowers.object_id
    assert (type(fast.data), fast.shape) == (bytes, flowers.shape)


@each_kind
def test_fast_decoding_equals_flowers(values):
    """Same values, dtype, shape and memory order, and writable."""
    plain = FLOWERS_ENCODING(values)
    flowers, fast = FLOWERS_DECODING(plain), decoded(plain)

    np.testing.assert_array_equal(fast, flowers, strict=True)
    assert fast.flags["F_CONTIGUOUS"] == flowers.flags["F_CONTIGUOUS"]
    assert fast.flags.writeable


def test_what_flower_refuses_is_refused():
    """Objects, which would have to be pickled; bytes that are no, or half a, file."""
    whole = encoded(np.float32([1, 2]))
    half = Array("float32", (2,), "numpy.ndarray", whole.data[:-1])
    other = Array("float32", (1,), "mine", b"\x00" * 4)

    for encode in (FLOWERS_ENCODING, encoded):
        with pytest.raises(ValueError, match="Object arrays cannot be saved"):
            encode(np.array([{}]))
        with pytest.raises(AssertionError, match="Expected NumPy ndarray"):
            encode([1, 2])
    for decode in (FLOWERS_DECODING, decoded):
        with pytest.raises(ValueError, match=r"reshape|read"):
            decode(half)
        with pytest.raises(TypeError, match="Unsupported serialization type"):
            decode(other)


def test_another_encoding_of_flowers_is_named(monkeypatch):
    """Also in a process whose grids have put ours in its place."""
    LocalGrid(halfway_app(), 2)
    zipped = Array("float32", (2, 3), "zipped", b"")
    monkeypatch.setattr(flower_private, "FLOWERS_ENCODING", lambda values: zipped)

    with pytest.raises(flower_private.FlowerMoved, match=r"Array\.data"):
        flower_private.check()


def test_a_grid_makes_flowers_arrays_quick(monkeypatch):
    """An app says ArrayRecord(...), and NumPy is not asked for the header again."""
    values = np.float32([[1, 2, 3], [4, 5, 6]])
    before = ArrayRecord([values])
    LocalGrid(halfway_app(), 2)
    monkeypatch.delattr(np, "save")
    monkeypatch.delattr(np, "load")

    assert ArrayRecord([values]) == before
    assert before["0"].numpy().tolist() == values.tolist()


def test_flower_is_quiet_unless_told_otherwise(monkeypatch):
    """A level that somebody set stays; Flower's own default becomes ERROR."""
    logger = logging.getLogger("flwr")
    monkeypatch.delenv("FLWR_LOG_LEVEL", raising=False)
    for before, after in [("DEBUG", logging.ERROR), ("INFO", logging.INFO)]:
        monkeypatch.setattr(logger, "level", logging.getLevelName(before))
        flower_private.quiet_log()
        assert logger.level == after


def test_the_log_level_of_the_environment_counts(monkeypatch):
    """FLWR_LOG_LEVEL is Flower's own way to ask for more."""
    logger = logging.getLogger("flwr")
    monkeypatch.setenv("FLWR_LOG_LEVEL", "INFO")
    monkeypatch.setattr(logger, "level", logging.DEBUG)
    flower_private.quiet_log()

    assert logger.level == logging.DEBUG


def records():
    """Build one record of every kind."""
    return {
        "arrays": ArrayRecord([np.float32([1, 2])]),
        "config": ConfigRecord({"lr": 0.5}),
        "metrics": MetricRecord({"loss": 0.25}),
    }


@pytest.mark.parametrize("kind", ["array", "config", "metric"])
def test_fast_views_are_flowers_own(kind):
    """Same type, same entries; what is written goes through, and is checked."""
    plain, fast = RecordDict(records()), filled(FastRecordDict, records())
    name = f"{kind}_records"
    mine, flowers = getattr(fast, name), getattr(plain, name)

    assert type(mine) is type(flowers)
    assert mine == flowers
    assert set(vars(mine)) == set(vars(flowers))
    with pytest.raises(TypeError, match="Expected"):
        mine["new"] = RecordDict()
    mine["new"] = next(iter(mine.values()))
    assert "new" in fast
    del mine["new"]
    assert fast == plain


def test_a_fast_view_goes_with_its_last_reference():
    """Flower's waits for the garbage collector, and keeps the reply alive till then."""
    fast, plain = filled(FastRecordDict, records()), RecordDict(records())
    seen = weakref.ref(fast), weakref.ref(plain)
    gc.collect()
    gc.disable()
    try:
        _ = fast.array_records, plain.array_records
        del fast, plain, _
        assert [reference() is None for reference in seen] == [True, False]
    finally:
        gc.enable()


def test_fast_record_dicts_pass_for_flowers_own():
    """Equal, same bytes on the wire, and plain once they leave the process."""
    plain, fast = RecordDict(records()), filled(FastRecordDict, records())

    assert fast == plain
    assert fast.object_id == plain.object_id
    assert repr(fast) == repr(plain)
    fast = filled(FastRecordDict, records())
    for other in (pickle.loads(pickle.dumps(fast)), copy.deepcopy(fast)):
        assert type(other) is RecordDict
        assert other == plain
