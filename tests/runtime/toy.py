"""A federation for the head: client k moves the model w halfway towards the number k.

From w, client k replies (w + k) / 2 with k + 1 examples. Two clients and w = 0 give
0 and 1/2 with weights 1/3 and 2/3: FedAvg's next model is 1/3.
"""

import numpy as np
from flwr.app import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Message,
    MessageType,
    MetricRecord,
    RecordDict,
)
from flwr.clientapp import ClientApp


def arrays_of(*values):
    """Build the model {"w": values} in float32."""
    return ArrayRecord({"w": Array(np.array(values, dtype=np.float32))})


def train_message(node_id, server_round=1, lr=0.5, arrays=None):
    """Build what FedAvg sends to train."""
    config = ConfigRecord({"lr": lr, "server-round": server_round})
    content = RecordDict({"arrays": arrays or arrays_of(0.0), "config": config})
    return Message(content, node_id, MessageType.TRAIN)


def reply_with(message, context, **metrics):
    """Reply with the model received and these metrics."""
    metrics = MetricRecord({"num-examples": 1, **metrics})
    return Message(
        RecordDict({"arrays": message.content["arrays"], "metrics": metrics}),
        reply_to=message,
    )


def halfway_app(mods=None):
    """Build the ClientApp described above; it evaluates to the distance |w - k|."""
    app = ClientApp()

    @app.train(mods=mods)
    def train(message, context):
        k = context.node_config["partition-id"]
        w = message.content["arrays"]["w"].numpy()
        metrics = MetricRecord({"num-examples": k + 1, "train_loss": float(w[0] - k)})
        return Message(
            RecordDict({"arrays": arrays_of(*((w + k) / 2)), "metrics": metrics}),
            reply_to=message,
        )

    @app.evaluate()
    def evaluate(message, context):
        k = context.node_config["partition-id"]
        w = message.content["arrays"]["w"].numpy()
        metrics = MetricRecord({"num-examples": 1, "distance": float(abs(w[0] - k))})
        return Message(RecordDict({"metrics": metrics}), reply_to=message)

    return app


def app_with(train):
    """Build a ClientApp with this train function."""
    app = ClientApp()
    app.train()(train)
    return app
