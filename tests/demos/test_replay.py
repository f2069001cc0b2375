"""Any trace as a deck: its events, why a client was lost, where two runs part."""

import pytest
from flwr.app import ArrayRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from lecturekit.demos.replay import read_trace, replay
from lecturekit.errors import UserError
from lecturekit.runtime import Device, Devices, LocalGrid, Network, Row, Trace


def trace_of(seconds, timeout=None, seed=1):
    """Run one round with clients that work for so long; those of None fail."""
    app = ClientApp()

    @app.train()
    def train(message, context):
        took = seconds[int(context.node_config["partition-id"])]
        if took is None:
            raise RuntimeError("battery empty")
        metrics = MetricRecord({"num-examples": 1, "flops": took})
        return Message(RecordDict({"metrics": metrics}), reply_to=message)

    kind = Device(flops_per_s=1.0, network=Network(latency_ms=100))
    grid = LocalGrid(
        app, len(seconds), seed=seed, devices=Devices([kind]), on_error="reply"
    )
    content = RecordDict({"arrays": ArrayRecord()})
    messages = [Message(content, node, "train") for node in grid.get_node_ids()]
    grid.send_and_receive(messages, timeout=timeout)
    return grid.trace


def test_every_event_is_a_state_with_its_sentence():
    """Forward and back: what happened, and what each client does then."""
    trace = trace_of([1.0, 2.0])
    deck = replay(trace)
    assert len(deck.plan.states()) == len(trace)
    assert deck.says((0,)).startswith("0 s, round 1: the server has")
    computed = next(k for k, row in enumerate(trace) if row.event == "computed")
    assert deck.says((computed,)) == "1.1 s, round 1: client 0 has computed for 1 s."
    columns, rows = deck.table((computed,))
    assert (columns, rows) == (["client", "now"], [[0, "sends"], [1, "computes"]])
    bars, words = deck.figures((computed,))
    assert words["data"][0]["text"] == ["sends", "computes"]
    assert bars["layout"]["shapes"][0]["x0"] == pytest.approx(1.1)


def test_a_preset_says_why_a_client_was_dropped():
    """With the times that made it late."""
    deck = replay(trace_of([1.0, 9.0], timeout=4))
    (why,) = [p for p in deck.plan.presets if p.title == "Why client 1?"]
    assert "client 1 is dropped: no reply within 4 s" in why.says
    assert "It had received at 0.1 s" in why.says


def test_a_preset_says_how_a_client_failed():
    """Its error stands in the sentence."""
    deck = replay(trace_of([1.0, None]))
    (why,) = [p for p in deck.plan.presets if p.title == "Why client 1?"]
    assert "battery empty" in why.says


def test_two_runs_begin_at_their_first_difference():
    """Side by side, on one scale of time."""
    one, other = trace_of([1.0, 2.0, 3.0]), trace_of([1.0, 2.5, 3.0])
    deck = replay(one, other)
    first = deck.plan.presets[0]
    assert first.title == "First difference"
    assert "differs in time_s" in first.says
    at = deck.plan.at(first.values)
    before = [list(trace)[: at[0]] for trace in (one, other)]
    assert before[0] == before[1]
    assert one[at[0]] != other[at[0]]
    left, right = deck.figures(at)
    assert left["layout"]["xaxis"]["range"] == right["layout"]["xaxis"]["range"]


def test_equal_runs_say_so():
    """Same seed, same trace."""
    deck = replay(trace_of([1.0, 2.0]), trace_of([1.0, 2.0]))
    assert deck.plan.presets[0].says == "The two runs are equal."


def test_a_run_without_time_is_drawn_in_its_order():
    """On an ideal grid all happens at 0 s; the events still follow each other."""
    rows = [Row(0.0, "asked", 1, k, 1000 + k, str(k), "train") for k in range(3)]
    deck = replay(Trace(rows))
    figure = deck.figures((2,))[0]
    assert figure["data"][0]["x"] == [0, 1, 2]
    assert figure["layout"]["shapes"][0]["x0"] == 2


def test_many_clients_are_counted():
    """More lines than a screen holds become numbers of clients."""
    deck = replay(trace_of([float(k + 1) for k in range(30)]))
    _, rows = deck.table((len(deck.plan.states()) // 2,))
    assert sum(int(row[0].split()[0]) for row in rows) == 30


def test_a_truncated_trace_is_shown_up_to_there(tmp_path):
    """And says so in one sentence."""
    path = tmp_path / "run.jsonl"
    trace = trace_of([1.0, 2.0])
    trace.save(path)
    path.write_text(path.read_text()[:-30])
    found, note = read_trace(path)
    assert list(found) == list(trace)[:-1]
    assert note == f"The file is damaged after event {len(trace) - 1}: up to there."
    assert replay(found, note=note).says((0,)).endswith(note)


@pytest.mark.parametrize("text", ["", "nonsense\n", "\x00\xff"])
def test_what_is_no_trace_is_refused_in_one_sentence(tmp_path, text):
    """So is a file that is not there."""
    path = tmp_path / "run.jsonl"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(UserError):
        found, _ = read_trace(path)
        replay(found)
    with pytest.raises(UserError, match=r"expected the trace .* No such file"):
        read_trace(tmp_path / "missing.jsonl")
