"""Errors: who, when, why, in one sentence, with the client's own traceback."""

import pickle
import traceback

import pytest
from flwr.app import Error, Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.clientapp.mod import fixedclipping_mod
from flwr.serverapp.strategy import FedAvg

from lecturekit.runtime import ClientFailed, LocalGrid
from tests.runtime.toy import (
    app_with,
    arrays_of,
    halfway_app,
    reply_with,
    train_message,
)


def no_battery(message, context):
    """Fail on client 2 in round 3."""
    server_round = message.content["config"]["server-round"]
    if (context.node_config["partition-id"], server_round) == (2, 3):
        raise OSError("battery empty")
    return reply_with(message, context)


def our_frames(error):
    frames = traceback.extract_tb(error.__traceback__)
    return [frame.name for frame in frames if "/lecturekit/" in frame.filename]


def test_a_failed_client_is_named_with_its_round():
    """The error says who, when, doing what, and why; its cause is the client's own."""
    grid = LocalGrid(app_with(no_battery), 4)
    with pytest.raises(ClientFailed) as failed:
        FedAvg(fraction_evaluate=0.0).start(grid, arrays_of(0.0), num_rounds=5)

    assert str(failed.value) == (
        "client 2 (node 1002) failed in round 3 on 'train': OSError: battery empty"
    )
    assert isinstance(failed.value.__cause__, OSError)
    assert (failed.value.partition_id, failed.value.node_id) == (2, 1002)
    assert (failed.value.server_round, failed.value.message_type) == (3, "train")


def test_tracebacks_lead_to_the_students_line():
    """At most two frames of ours above the strategy's call and above the client's."""
    grid = LocalGrid(app_with(no_battery), 4)
    with pytest.raises(ClientFailed) as failed:
        FedAvg(fraction_evaluate=0.0).start(grid, arrays_of(0.0), num_rounds=5)

    assert our_frames(failed.value) == ["send_and_receive", "push_messages"]
    assert our_frames(failed.value.__cause__) == ["run"]
    last = traceback.extract_tb(failed.value.__cause__.__traceback__)[-1]
    assert (last.name, last.line) == ("no_battery", 'raise OSError("battery empty")')


def test_the_first_client_that_fails_ends_the_round():
    """Clients work in the order of partitions: nobody behind the failed one has run."""
    ran = []

    def train(message, context):
        ran.append(context.node_config["partition-id"])
        raise OSError("battery empty")

    with pytest.raises(ClientFailed, match="client 1 "):
        grid = LocalGrid(app_with(train), 4)
        grid.send_and_receive([train_message(1003), train_message(1001)])

    assert ran == [1]


def test_a_failure_can_become_a_reply():
    """With on_error="reply" the run goes on without the client, as in Flower."""
    grid = LocalGrid(app_with(no_battery), 4, on_error="reply")
    messages = [train_message(1000 + k, server_round=3) for k in range(4)]
    replies = grid.send_and_receive(messages)

    assert [reply.has_error() for reply in replies] == [False, False, True, False]
    assert replies[2].error == Error(2, "<class 'OSError'>:<'battery empty'>")
    assert replies[2].metadata.src_node_id == 1002
    result = FedAvg(fraction_evaluate=0.0).start(grid, arrays_of(0.0), num_rounds=4)
    assert list(result.train_metrics_clientapp) == [1, 2, 3, 4]


def test_a_failed_client_keeps_its_state():
    """A client that failed once is there again in the next round."""
    grid = LocalGrid(app_with(no_battery), 4, on_error="reply")
    (failed,) = grid.send_and_receive([train_message(1002, server_round=3)])
    (reply,) = grid.send_and_receive([train_message(1002, server_round=4)])

    assert (failed.has_error(), reply.has_error()) == (True, False)


def test_leaving_the_process_is_a_failure_of_the_client():
    """A client that calls sys.exit does not take the server with it."""

    def train(message, context):
        raise SystemExit(3)

    with pytest.raises(ClientFailed, match="SystemExit: 3"):
        LocalGrid(app_with(train), 1).send_and_receive([train_message(1000)])


def test_a_forgotten_return_is_named():
    """The classic mistake, with the classic question."""

    def train(message, context):
        reply_with(message, context)

    with pytest.raises(ClientFailed) as failed:
        LocalGrid(app_with(train), 1).send_and_receive([train_message(1000, 4)])

    assert str(failed.value) == (
        "client 0 (node 1000) failed in round 4 on 'train': TypeError: the function "
        "for 'train' messages must return a Message, got None; did you forget `return`?"
    )


def test_a_reply_must_answer_the_message():
    """Returning the message itself, or a fresh one, is not a reply."""
    for wrong in (
        lambda message, context: message,
        lambda message, context: Message(message.content, 1000, "train"),
    ):
        with pytest.raises(ClientFailed, match=r"Message\(content, reply_to=message\)"):
            LocalGrid(app_with(wrong), 1).send_and_receive([train_message(1000)])


def test_what_a_mod_finds_wrong_is_named():
    """Flower's mods answer the client's reply, not the message, with their reason."""

    def train(message, context):
        return Message(RecordDict(), reply_to=message)

    app = ClientApp()
    app.train(mods=[fixedclipping_mod])(train)
    message = train_message(1000)
    message.content["config"]["clipping_norm"] = 1.0
    with pytest.raises(ClientFailed) as failed:
        LocalGrid(app, 1).send_and_receive([message])

    assert str(failed.value) == (
        "client 0 (node 1000) failed in round 1 on 'train': TypeError: the function "
        "for 'train' messages, or one of its mods, reports an error: fixedclipping_mod "
        "expects exactly one ArrayRecord, but found 0 ArrayRecord(s)."
    )


def test_a_record_is_not_a_reply():
    """The error names the type that came instead."""
    grid = LocalGrid(app_with(lambda message, context: RecordDict()), 1)
    with pytest.raises(ClientFailed, match=r"must return a Message, got RecordDict$"):
        grid.send_and_receive([train_message(1000)])


def test_an_error_that_a_client_reports_is_a_reply():
    """A client may answer with an Error: that is Flower's way to decline."""

    def train(message, context):
        return Message(Error(code=7, reason="on battery"), reply_to=message)

    (reply,) = LocalGrid(app_with(train), 1).send_and_receive([train_message(1000)])

    assert reply.error == Error(7, "on battery")


def test_an_unknown_node_is_refused_before_anybody_runs():
    """The sentence says which ids there are."""
    ran = []

    def train(message, context):
        ran.append(context.node_id)
        return reply_with(message, context)

    grid = LocalGrid(app_with(train), 3)
    for unknown in (999, 1003):
        with pytest.raises(ValueError, match=rf"{unknown} is not .* 1000 to 1002$"):
            grid.push_messages([train_message(1000), train_message(unknown)])

    assert ran == []


def test_a_missing_function_is_named_with_its_decorator():
    """One sentence instead of a failure on every client."""
    content = RecordDict({"arrays": arrays_of(0.0)})
    for kind, decorator in [
        ("query", r"@app\.query\(\)"),
        ("train.twice", r"@app\.train\('twice'\)"),
    ]:
        with pytest.raises(ValueError, match=f"no function for '{kind}'.*{decorator}"):
            LocalGrid(halfway_app(), 2).push_messages([Message(content, 1000, kind)])


def test_a_missing_function_can_become_a_reply():
    """On Flower's engines every client answers with an error."""
    grid = LocalGrid(halfway_app(), 1, on_error="reply")
    content = RecordDict({"arrays": arrays_of(0.0)})
    (reply,) = grid.send_and_receive([Message(content, 1000, "query")])

    assert "No query function" in reply.error.reason


def test_wrong_arguments_are_refused():
    """Each with its name and what came."""
    with pytest.raises(TypeError, match=r"client_app must be a .*ClientApp, got <func"):
        LocalGrid(no_battery, 2)
    with pytest.raises(ValueError, match="at least one client, got 0"):
        LocalGrid(halfway_app(), [])
    with pytest.raises(TypeError, match=r"federation must have a length .*, got 2\.5"):
        LocalGrid(halfway_app(), 2.5)
    with pytest.raises(TypeError, match=r"federation must have a length .*'list'"):
        LocalGrid(halfway_app(), list)
    with pytest.raises(TypeError, match="integer"):
        LocalGrid(halfway_app(), 2, seed=0.5)
    with pytest.raises(ValueError, match="'raise' or 'reply', got 'ignore'"):
        LocalGrid(halfway_app(), 2, on_error="ignore")


def test_failures_can_be_pickled():
    """They may come from, or go to, another process."""
    failed = ClientFailed(2, 1002, 3, "train", "OSError: battery empty")

    assert str(pickle.loads(pickle.dumps(failed))) == str(failed)
