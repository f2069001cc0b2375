"""Photon rounds: a small language model, pre-trained by clients that read other texts.

Four clients train the same GPT, tau steps of AdamW at a time, on the schedule of the
whole federation, and the server averages: they talk once where data-parallel training
talks tau times. What do they read, how often do they talk, what does the model write?

Paper: Sani et al., Photon: Federated LLM Pre-Training, MLSys 2025,
https://arxiv.org/abs/2411.02908
"""

from functools import cache, partial
from typing import Any

import numpy as np

from lecturekit.widgets import Control, Plan, Preset, Scene

from . import figures
from .demo import Answer, Demo, Values
from .solution import answers

STEPS, LAB = 400, "lab10_photon_rounds"
ALONE, APART, MIXED = "one alone", "four, a text each", "four, mixed"
SOURCES = ("manual", "python", "docstrings", "c")
PROMPTS = ("def ", "The ", "#define ")

PLAN = Plan(
    name="photon-rounds",
    title="How often must language models talk to each other?",
    lecture="Federated pre-training",
    minutes=10,
    shows="federated rounds of a GPT: loss by source, steps a round, text it writes",
    question="Four clients, each with a kind of text of its own, average their models "
    "every 50 steps instead of every 10: a fifth of the traffic. The mean loss was "
    "3.73 nats per token. And now?",
    options=("More than 5", "About 4.5", "About 4.1", "About 3.8"),
    right=3,
    because="AdamW's steps are small: for fifty of them, the models stay close enough "
    "for their average to be a good one.",
    controls=(
        Control("who", "who trains", (ALONE, APART, MIXED)),
        Control("tau", "steps a round", (10, 50, 200)),
        Control("after", "after steps", (0, 200, 400)),
    ),
    presets=(
        Preset("Every 50 steps", (APART, 50, 400), "All four sources are learnt."),
        Preset("Every 10 steps", (APART, 10, 400), "Five times the traffic for this."),
        Preset("Every 200", (APART, 200, 400), "Two rounds: now it costs."),
        Preset("One alone", (ALONE, 50, 400), "It reads the manual only."),
        Preset("Mixed texts", (MIXED, 200, 400), "Alike clients may talk less."),
        Preset("Before", (APART, 50, 0), "This is where all of them began."),
    ),
    script=(
        "Say: a GPT of 166,528 parameters, four data centres; one has English about "
        "Python, one Python code, one formulas, one C headers.",
        "Preset 6 first, if the class has never seen an untrained model write.",
        "Ask for the prediction, then presets 1 and 2: the faint lines.",
        "Preset 4: what does one learn of what it never reads? Look at c.",
        "Presets 3 and 5: the more alike the data, the rarer the rounds may be. Photon "
        "uses 64 to 512 steps a round.",
    ),
)


def compute(values: Values, seed: int) -> Any:
    """Train 400 steps; return losses by source, what was written, and traffic."""
    tau = 50 if values["who"] == ALONE else values["tau"]  # no matter: nobody averages
    losses, written, size = _run(values["who"], tau, seed)
    rounds = values["after"] // tau
    sent = 0 if values["who"] == ALONE else 2 * size * rounds
    text = written[values["after"]]
    return {"losses": losses[: rounds + 1], "tau": tau, "text": text, "bytes": sent}


@cache
def _run(who: str, tau: int, seed: int) -> Any:
    lab = answers(
        *(LAB, "stream", "schedule", "local-steps", "train-client"),
        *("outer-step", "outer-fedavg", "excess-and-traffic"),
    )
    sources = lab["text_sources"]()
    tokenizer = lab["train_tokenizer"]([t[:100_000] for t in sources.values()], 512)
    tokens = [np.array(tokenizer.encode(text).ids) for text in sources.values()]
    rows = [lab["shard"](one, 33, 0, 1) for one in tokens]
    shards = [one[:-50] for one in rows][: 1 if who == ALONE else 4]
    if who == MIXED:
        every = np.random.default_rng(seed).permutation(np.concatenate(shards))
        shards = [every[k::4] for k in range(4)]
    shape = {"context_length": 32, "width": 64, "num_layers": 2, "num_heads": 4}
    gpt = lab["GPT"](lab["GPTConfig"](512, **shape), seed=seed)
    losses, written = [], {}

    def train(message: Any, context: Any) -> Any:
        stream = partial(lab["Stream"], shards[context.node_config["partition-id"]])
        rate = partial(lab["learning_rate"], peak=0.01, warmup=20, total=STEPS)
        given = (lambda read: stream(8, seed, read)), rate, partial(fit, gpt)
        return lab["train_client"](message, context, *given)

    def evaluate(server_round: int, arrays: Any) -> None:
        loss = partial(lab["excess_loss"], gpt, arrays, floor=0.0)
        losses.append([float(loss([one[-50:]])) for one in rows])
        if server_round * tau in (0, 200, 400):
            gpt.load_state_dict(arrays.to_torch_state_dict())
            written[server_round * tau] = [write(prompt) for prompt in PROMPTS]

    def write(prompt: str) -> str:
        how = {"context_length": 32, "temperature": 0.7, "seed": seed}
        ids = lab["continue_tokens"](gpt, tokenizer.encode(prompt).ids, 40, **how)
        return str(tokenizer.decode(ids))

    app, fit, count = lab["ClientApp"](), lab["local_steps"], len(shards)
    app.train()(train)
    mean = partial(lab["outer_step"], lr=1.0, momentum=0.0)
    start = lab["ArrayRecord"].from_torch_state_dict(gpt.state_dict())
    lab["OuterFedAvg"](mean, count).start(
        lab["LocalGrid"](app, count, seed=seed),
        start,
        num_rounds=STEPS // tau,
        train_config=lab["ConfigRecord"]({"local-steps": tau, "keep-optimizer": True}),
        evaluate_fn=evaluate,
    )
    return losses, written, sum(array.nbytes for array in gpt_arrays(start))


def gpt_arrays(record: Any) -> list[Any]:
    """Return the arrays of a model."""
    return [array.numpy() for array in record.values()]


def show(values: Values, data: Any) -> Scene:
    """Draw the losses, and what the model writes."""
    steps = [data["tau"] * t for t in range(len(data["losses"]))]
    by_source = dict(zip(SOURCES, zip(*data["losses"], strict=True), strict=True))
    canvas = figures.canvas("Loss on each source", "steps", "nats per token")
    series = {name: (steps, losses) for name, losses in by_source.items()}
    losses = figures.lines(canvas, series, y_range=(2.8, 7), has_markers=True)
    losses.update_xaxes(range=[0, 560])
    page = figures.written(figures.canvas("What it writes", "", ""), data["text"])
    mean = np.mean(data["losses"][-1])
    says = f"After {values['after']} steps: {mean:.2f} nats per token on average; each "
    says += f"client has moved {data['bytes'] / 1e6:.3g} MB."
    rows = [[name, losses[-1]] for name, losses in by_source.items()]
    return Scene([losses, page], says, ("source", "nats per token"), rows)


DEMO = Demo(PLAN, compute, show, Answer(LAB, "outer-step", "outer_step"))
