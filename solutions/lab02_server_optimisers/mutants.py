# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Answers to lab 2, wrong ones and right ones
#
# Each cell is a whole answer to one exercise. A *mutant* is a misconception, and its
# comment is what a student who has it should read. An *alternative* is right and looks
# different, so it must earn every mark.

# %% [markdown]
# ## Task 1


# %% mutant="new-minus-old" exercise="strategy"
# You computed new minus old. The pseudo-gradient is old minus new, so that an
# optimiser can subtract it like any gradient.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.optimiser, self.state, self.model = optimiser, {}, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        gradient = {name: mean[name].numpy() - w for name, w in self.model.items()}
        model, self.state = self.optimiser(self.model, gradient, self.state)
        return packed(model), metrics


# %% mutant="by-position" exercise="strategy"
# You paired arrays by their position. A reply may list its names in another order:
# subtract the array of the same name.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.optimiser, self.state, self.model = optimiser, {}, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        pairs = zip(self.model.items(), mean.values(), strict=True)
        gradient = {name: w - array.numpy() for (name, w), array in pairs}
        model, self.state = self.optimiser(self.model, gradient, self.state)
        return packed(model), metrics


# %% mutant="returns-the-average" exercise="strategy"
# You called the optimiser and returned the average all the same: the next global
# model is what the optimiser returns.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.optimiser, self.state, self.model = optimiser, {}, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        gradient = {name: w - mean[name].numpy() for name, w in self.model.items()}
        model, self.state = self.optimiser(self.model, gradient, self.state)
        return mean, metrics


# %% mutant="crashes-when-all-fail" exercise="strategy"
# You did not ask whether anybody answered: FedAvg returns None for the model when
# every client failed.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.optimiser, self.state, self.model = optimiser, {}, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        gradient = {name: w - mean[name].numpy() for name, w in self.model.items()}
        model, self.state = self.optimiser(self.model, gradient, self.state)
        return packed(model), metrics


# %% mutant="steps-when-all-fail" exercise="strategy"
# You called the optimiser with a zero pseudo-gradient in a round in which nobody
# answered. It would coast on its momentum, and count a round that taught nothing.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.optimiser, self.state, self.model = optimiser, {}, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            mean = packed(self.model)
        gradient = {name: w - mean[name].numpy() for name, w in self.model.items()}
        model, self.state = self.optimiser(self.model, gradient, self.state)
        return packed(model), metrics


# %% mutant="forgets-when-all-fail" exercise="strategy"
# You emptied the state when nobody answered: the velocity of all rounds before is
# lost.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.optimiser, self.state, self.model = optimiser, {}, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            self.state = {}
            return None, metrics
        gradient = {name: w - mean[name].numpy() for name, w in self.model.items()}
        model, self.state = self.optimiser(self.model, gradient, self.state)
        return packed(model), metrics


# %% mutant="shared-state" exercise="strategy"
# You keep the state on the class, where all strategies of the process share it: make
# it in __init__.
class FedOpt(FedAvg):
    state = {}

    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.optimiser, self.model = optimiser, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        gradient = {name: w - mean[name].numpy() for name, w in self.model.items()}
        model, new_state = self.optimiser(self.model, gradient, self.state)
        self.state.clear()
        self.state.update(new_state)
        return packed(model), metrics


# %% mutant="default-argument-state" exercise="strategy"
# The default value {} of a parameter is one dictionary for all strategies: make a new
# one in __init__.
class FedOpt(FedAvg):
    def __init__(self, optimiser, state={}, **settings):
        super().__init__(**settings)
        self.optimiser, self.state, self.model = optimiser, state, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        gradient = {name: w - mean[name].numpy() for name, w in self.model.items()}
        model, new_state = self.optimiser(self.model, gradient, self.state)
        self.state.update(new_state)
        return packed(model), metrics


# %% mutant="state-dropped" exercise="strategy"
# You never kept the state that the optimiser returned: every round starts from {}.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.optimiser, self.state, self.model = optimiser, {}, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        gradient = {name: w - mean[name].numpy() for name, w in self.model.items()}
        model, _ = self.optimiser(self.model, gradient, self.state)
        return packed(model), metrics


# %% mutant="first-model-only" exercise="strategy"
# You remembered the very first model for all rounds: the pseudo-gradient is taken
# from the model that this round sent out.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.optimiser, self.state, self.model = optimiser, {}, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = self.model or unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        gradient = {name: w - mean[name].numpy() for name, w in self.model.items()}
        model, self.state = self.optimiser(self.model, gradient, self.state)
        return packed(model), metrics


# %% mutant="own-model-instead-of-the-sent-one" exercise="strategy"
# You went on from the model that your optimiser returned last. A run that starts
# again from another model, a checkpoint say, sends out that one.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.optimiser, self.state, self.model = optimiser, {}, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = self.model or unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        gradient = {name: w - mean[name].numpy() for name, w in self.model.items()}
        self.model, self.state = self.optimiser(self.model, gradient, self.state)
        return packed(self.model), metrics


# %% mutant="settings-dropped" exercise="strategy"
# You did not pass the settings on to FedAvg: every client is asked, whatever
# fraction_train says.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(fraction_evaluate=0.0)
        self.optimiser, self.state, self.model = optimiser, {}, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        gradient = {name: w - mean[name].numpy() for name, w in self.model.items()}
        model, self.state = self.optimiser(self.model, gradient, self.state)
        return packed(model), metrics


# %% mutant="metrics-lost" exercise="strategy"
# You returned no metrics: those of FedAvg, averaged over the clients, belong in the
# result.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.optimiser, self.state, self.model = optimiser, {}, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        gradient = {name: w - mean[name].numpy() for name, w in self.model.items()}
        model, self.state = self.optimiser(self.model, gradient, self.state)
        return packed(model), None


# %% mutant="unweighted" exercise="strategy"
# You averaged the replies yourself, all clients alike: FedAvg weighs them by their
# number of examples.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.optimiser, self.state, self.model = optimiser, {}, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        models = [unpacked(r.content["arrays"]) for r in replies if not r.has_error()]
        mean = packed({n: np.mean([m[n] for m in models], axis=0) for n in self.model})
        gradient = {name: w - mean[name].numpy() for name, w in self.model.items()}
        model, self.state = self.optimiser(self.model, gradient, self.state)
        return packed(model), metrics


# %% mutant="one-client" exercise="strategy"
# You took the model of the first client that answered for the mean.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.optimiser, self.state, self.model = optimiser, {}, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        mean = [r.content["arrays"] for r in replies if not r.has_error()][0]
        gradient = {name: w - mean[name].numpy() for name, w in self.model.items()}
        model, self.state = self.optimiser(self.model, gradient, self.state)
        return packed(model), metrics


# %% mutant="adds-the-step" exercise="strategy"
# You took the optimiser's step from the average, not from the global model: the
# clients' move then counts twice.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.optimiser, self.state, self.model = optimiser, {}, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        gradient = {name: w - mean[name].numpy() for name, w in self.model.items()}
        model, self.state = self.optimiser(unpacked(mean), gradient, self.state)
        return packed(model), metrics


# %% mutant="optimiser-twice" exercise="strategy"
# You called the optimiser twice in a round, so its momentum and its counters run
# twice as fast.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.optimiser, self.state, self.model = optimiser, {}, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        gradient = {name: w - mean[name].numpy() for name, w in self.model.items()}
        _, self.state = self.optimiser(self.model, gradient, self.state)
        model, self.state = self.optimiser(self.model, gradient, self.state)
        return packed(model), metrics


# %% mutant="optimiser-gets-the-mean" exercise="strategy"
# You gave the optimiser the mean for a pseudo-gradient.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.optimiser, self.state, self.model = optimiser, {}, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        gradient = {name: mean[name].numpy() for name, w in self.model.items()}
        model, self.state = self.optimiser(self.model, gradient, self.state)
        return packed(model), metrics


# %% mutant="one-array" exercise="strategy"
# You computed the pseudo-gradient of the first array only, and zeros for the rest.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.optimiser, self.state, self.model = optimiser, {}, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        gradient = {name: w - mean[name].numpy() for name, w in self.model.items()}
        for name in list(gradient)[1:]:
            gradient[name] = np.zeros_like(gradient[name])
        model, self.state = self.optimiser(self.model, gradient, self.state)
        return packed(model), metrics


# %% mutant="everything-float32" exercise="strategy"
# You converted all arrays to float32: the model keeps the dtypes it has.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.optimiser, self.state, self.model = optimiser, {}, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        gradient = {
            name: np.float32(w - mean[name].numpy()) for name, w in self.model.items()
        }
        model, self.state = self.optimiser(self.model, gradient, self.state)
        return packed({n: np.float32(w) for n, w in model.items()}), metrics


# %% mutant="aggregates-around-fedavg" exercise="strategy"
# You never called super().aggregate_train, and let a reply with an error crash the
# round: FedAvg leaves failed clients out.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.optimiser, self.state, self.model = optimiser, {}, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        models = [unpacked(reply.content["arrays"]) for reply in replies]
        weights = [reply.content["metrics"]["num-examples"] for reply in replies]
        mean = packed(
            {n: np.average([m[n] for m in models], 0, weights) for n in self.model}
        )
        metrics = MetricRecord()
        gradient = {name: w - mean[name].numpy() for name, w in self.model.items()}
        model, self.state = self.optimiser(self.model, gradient, self.state)
        return packed(model), metrics


# %% mutant="optimiser-in-configure" exercise="strategy"
# You took the step when the round began, with the pseudo-gradient of the round
# before: the model is then always a round late.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.optimiser, self.state, self.model = optimiser, {}, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.model = unpacked(arrays)
        self.old = getattr(self, "model_before", self.model)
        self.model_before = self.model
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        mean, metrics = super().aggregate_train(server_round, replies)
        if mean is None:
            return None, metrics
        gradient = {name: w - mean[name].numpy() for name, w in self.old.items()}
        model, self.state = self.optimiser(self.model, gradient, self.state)
        return packed(model), metrics


# %% mutant="resets-state-in-round-1" exercise="strategy"
# You empty the state in round 1 of every start. A second start goes on with the state
# of the first.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.opt = optimiser
        self.st = {}

    def configure_train(self, server_round, arrays, config, grid):
        if server_round == 1:
            self.st = {}
        self.old = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        avg, metrics = super().aggregate_train(server_round, replies)
        if avg is None:
            return None, metrics
        avg = unpacked(avg)
        g = {n: self.old[n] - avg[n] for n in self.old}
        new, self.st = self.opt(self.old, g, self.st)
        return packed(new), metrics


# %% mutant="merges-state" exercise="strategy"
# You merge the new state into the old one. The next call gets what the last one
# returned, and nothing that it has dropped.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.opt = optimiser
        self.st = {}

    def configure_train(self, server_round, arrays, config, grid):
        self.old = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        avg, metrics = super().aggregate_train(server_round, replies)
        if avg is None:
            return None, metrics
        avg = unpacked(avg)
        g = {n: self.old[n] - avg[n] for n in self.old}
        new, s = self.opt(self.old, g, self.st)
        self.st = {**self.st, **s}
        return packed(new), metrics


# %% mutant="optimiser-on-the-class" exercise="strategy"
# You keep the optimiser on the class, where the strategy that is made last replaces
# that of all others.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        FedOpt.opt = staticmethod(optimiser)
        self.st = {}

    def configure_train(self, server_round, arrays, config, grid):
        self.old = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        avg, metrics = super().aggregate_train(server_round, replies)
        if avg is None:
            return None, metrics
        avg = unpacked(avg)
        g = {n: self.old[n] - avg[n] for n in self.old}
        new, self.st = self.opt(self.old, g, self.st)
        return packed(new), metrics


# %% mutant="model-on-the-class" exercise="strategy"
# You keep the model on the class: of two strategies that run in turns, one takes the
# other's model for its own.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.opt = optimiser
        self.st = {}

    def configure_train(self, server_round, arrays, config, grid):
        FedOpt.old = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        avg, metrics = super().aggregate_train(server_round, replies)
        if avg is None:
            return None, metrics
        avg = unpacked(avg)
        g = {n: self.old[n] - avg[n] for n in self.old}
        new, self.st = self.opt(self.old, g, self.st)
        return packed(new), metrics


# %% mutant="config-dropped" exercise="strategy"
# You sent an empty configuration. What start was given for the clients goes on to
# FedAvg.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.opt = optimiser
        self.st = {}

    def configure_train(self, server_round, arrays, config, grid):
        self.old = unpacked(arrays)
        return super().configure_train(server_round, arrays, ConfigRecord(), grid)

    def aggregate_train(self, server_round, replies):
        avg, metrics = super().aggregate_train(server_round, replies)
        if avg is None:
            return None, metrics
        avg = unpacked(avg)
        g = {n: self.old[n] - avg[n] for n in self.old}
        new, self.st = self.opt(self.old, g, self.st)
        return packed(new), metrics


# %% mutant="no-tuple" exercise="strategy"
# You returned the model alone. aggregate_train returns a pair, the model and the
# metrics.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.opt = optimiser
        self.st = {}

    def configure_train(self, server_round, arrays, config, grid):
        self.old = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        avg, metrics = super().aggregate_train(server_round, replies)
        if avg is None:
            return None, metrics
        avg = unpacked(avg)
        g = {n: self.old[n] - avg[n] for n in self.old}
        new, self.st = self.opt(self.old, g, self.st)
        return packed(new)


# %% mutant="returns-dict" exercise="strategy"
# You returned a dictionary. The next global model is an ArrayRecord, which packed makes
# of it.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.opt = optimiser
        self.st = {}

    def configure_train(self, server_round, arrays, config, grid):
        self.old = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        avg, metrics = super().aggregate_train(server_round, replies)
        if avg is None:
            return None, metrics
        avg = unpacked(avg)
        g = {n: self.old[n] - avg[n] for n in self.old}
        new, self.st = self.opt(self.old, g, self.st)
        return new, metrics


# %% mutant="no-return-in-configure" exercise="strategy"
# You called FedAvg's configure_train and dropped the messages that it returned.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.opt = optimiser
        self.st = {}

    def configure_train(self, server_round, arrays, config, grid):
        self.old = unpacked(arrays)
        super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        avg, metrics = super().aggregate_train(server_round, replies)
        if avg is None:
            return None, metrics
        avg = unpacked(avg)
        g = {n: self.old[n] - avg[n] for n in self.old}
        new, self.st = self.opt(self.old, g, self.st)
        return packed(new), metrics


# %% mutant="skips-if-any-fails" exercise="strategy"
# You dropped the whole round because one client failed. The others have answered, and
# FedAvg has averaged them.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.opt = optimiser
        self.st = {}

    def configure_train(self, server_round, arrays, config, grid):
        self.old = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        avg, metrics = super().aggregate_train(server_round, replies)
        if avg is None or any(r.has_error() for r in replies):
            return None, metrics
        avg = unpacked(avg)
        g = {n: self.old[n] - avg[n] for n in self.old}
        new, self.st = self.opt(self.old, g, self.st)
        return packed(new), metrics


# %% mutant="divides-by-replies" exercise="strategy"
# You divided the pseudo-gradient by the number of replies. The mean is an average
# already.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.opt = optimiser
        self.st = {}

    def configure_train(self, server_round, arrays, config, grid):
        self.old = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        avg, metrics = super().aggregate_train(server_round, replies)
        if avg is None:
            return None, metrics
        avg = unpacked(avg)
        k = len(list(replies))
        g = {n: (self.old[n] - avg[n]) / k for n in self.old}
        new, self.st = self.opt(self.old, g, self.st)
        return packed(new), metrics


# %% mutant="at-least-1d" exercise="strategy"
# You made arrays of one dimension out of those without one. The model keeps its shapes.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.opt = optimiser
        self.st = {}

    def configure_train(self, server_round, arrays, config, grid):
        self.old = {n: np.atleast_1d(a) for n, a in unpacked(arrays).items()}
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        avg, metrics = super().aggregate_train(server_round, replies)
        if avg is None:
            return None, metrics
        avg = unpacked(avg)
        g = {n: self.old[n] - avg[n] for n in self.old}
        new, self.st = self.opt(self.old, g, self.st)
        return packed(new), metrics


# %% mutant="an-axis-for-the-round" exercise="strategy"
# You sent the model out with an axis more, for the round: clients get the arrays of the
# model in their own shapes.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.opt, self.st = optimiser, {}

    def configure_train(self, server_round, arrays, config, grid):
        self.old = unpacked(arrays)
        sent = packed({n: a[None] for n, a in self.old.items()})
        return super().configure_train(server_round, sent, config, grid)

    def aggregate_train(self, server_round, replies):
        avg, metrics = super().aggregate_train(server_round, replies)
        if avg is None:
            return None, metrics
        avg = unpacked(avg)
        g = {n: self.old[n] - avg[n] for n in self.old}
        new, self.st = self.opt(self.old, g, self.st)
        return packed(new), metrics


# %% alternative="records-all-the-way" exercise="strategy"
# Keeps the record that was sent, and unpacks it when it is needed.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.step_of_server = optimiser
        self.memory = dict()
        self.sent = None

    def configure_train(self, server_round, arrays, config, grid):
        messages = super().configure_train(server_round, arrays, config, grid)
        self.sent = arrays
        return messages

    def aggregate_train(self, server_round, replies):
        average, metrics = super().aggregate_train(server_round, replies)
        if average is not None:
            old = {name: self.sent[name].numpy() for name in self.sent}
            difference = {}
            for name in average:
                difference[name] = np.subtract(old[name], average[name].numpy())
            new, self.memory = self.step_of_server(old, difference, self.memory)
            average = ArrayRecord()
            for name, array in new.items():
                average[name] = Array(np.asarray(array))
        return average, metrics


# %% alternative="reads-the-messages" exercise="strategy"
# Takes the model that was sent from the first message of the round.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.optimiser = optimiser
        self.state = {}

    def configure_train(self, *arguments, **keywords):
        messages = list(super().configure_train(*arguments, **keywords))
        self.model = unpacked(messages[0].content[self.arrayrecord_key])
        return messages

    def aggregate_train(self, server_round, replies):
        record, metrics = super().aggregate_train(server_round, replies)
        if not record:
            return record, metrics
        mean = unpacked(record)
        self.model, self.state = self.optimiser(
            {name: np.copy(w) for name, w in self.model.items()},
            {name: self.model[name] - mean[name] for name in sorted(mean)},
            self.state,
        )
        return packed(self.model), metrics


# %% alternative="delegates" exercise="strategy"
# Sums up the replies itself, and leaves failures and metrics to FedAvg.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        FedAvg.__init__(self, **settings)
        self.calls = (optimiser, {})

    def configure_train(self, server_round, arrays, config, grid):
        self.old = {name: array.numpy() for name, array in arrays.items()}
        return FedAvg.configure_train(self, server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        replies = list(replies)
        mean, metrics = FedAvg.aggregate_train(self, server_round, replies)
        good = [reply.content for reply in replies if not reply.has_error()]
        if good:
            total = sum(one["metrics"][self.weighted_by_key] for one in good)
            move = {name: np.zeros_like(w) for name, w in self.old.items()}
            for one in good:
                share = one["metrics"][self.weighted_by_key] / total
                for name, w in self.old.items():
                    move[name] = move[name] + share * (w - one["arrays"][name].numpy())
            optimiser, state = self.calls
            new, state = optimiser(self.old, move, state)
            self.calls = (optimiser, state)
            mean = packed(new)
        return mean, metrics


# %% alternative="float64-gradient-cast-back" exercise="strategy"
# Subtracts in float64, and casts back.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.opt = optimiser
        self.st = {}

    def configure_train(self, server_round, arrays, config, grid):
        self.old = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        avg, metrics = super().aggregate_train(server_round, replies)
        if avg is None:
            return None, metrics
        avg = unpacked(avg)
        g = {
            n: (w.astype(float) - avg[n].astype(float)).astype(w.dtype)
            for n, w in self.old.items()
        }
        new, self.st = self.opt(self.old, g, self.st)
        return packed(new), metrics


# %% alternative="state-made-late" exercise="strategy"
# Has no state until the optimiser has returned one.
class FedOpt(FedAvg):
    def __init__(self, optimiser, **settings):
        super().__init__(**settings)
        self.opt = optimiser

    def configure_train(self, server_round, arrays, config, grid):
        self.old = unpacked(arrays)
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        avg, metrics = super().aggregate_train(server_round, replies)
        if avg is None:
            return None, metrics
        avg = unpacked(avg)
        g = {n: self.old[n] - avg[n] for n in self.old}
        new, self.st = self.opt(self.old, g, getattr(self, "st", {}))
        return packed(new), metrics


# %% [markdown]
# ## Task 2


# %% mutant="adds-the-step" exercise="fedavgm"
# You added the step. The pseudo-gradient is old minus new, so the optimiser subtracts
# it.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = w + lr * velocity[name]
    return new_model, velocity


# %% mutant="dampened" exercise="fedavgm"
# You weighed the new pseudo-gradient by 1 - momentum. Here the velocity is a decaying
# sum, not an average.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + (1 - momentum) * g
        new_model[name] = w - lr * velocity[name]
    return new_model, velocity


# %% mutant="no-memory" exercise="fedavgm"
# You did not put the velocity into the state: each round starts from 0.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = w - lr * velocity[name]
    return new_model, {}


# %% mutant="state-in-place" exercise="fedavgm"
# You changed the state that was passed in. A server that repeats a round would then
# start from another velocity: build a new dictionary.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, state
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * velocity.get(name, 0) + g
        new_model[name] = w - lr * velocity[name]
    return new_model, velocity


# %% mutant="velocity-in-place" exercise="fedavgm"
# You wrote into the velocity's own arrays with *= and +=: the state that was passed
# in changes with them.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = state.get(name, np.zeros_like(w))
        velocity[name] *= momentum
        velocity[name] += g
        new_model[name] = w - lr * velocity[name]
    return new_model, velocity


# %% mutant="keeps-the-buffer" exercise="fedavgm"
# In the first round your velocity is the very array of the pseudo-gradient, which the
# server overwrites: copy it.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state[name] + g if state else g
        new_model[name] = w - lr * velocity[name]
    return new_model, velocity


# %% mutant="global-velocity" exercise="fedavgm"
# You kept the velocity in a global variable, so that all runs share it and no
# checkpoint has it: the state is where it belongs.
VELOCITY = {}


def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * VELOCITY.get(name, 0) + g
        VELOCITY[name] = velocity[name]
        new_model[name] = w - lr * velocity[name]
    return new_model, velocity


# %% mutant="by-position" exercise="fedavgm"
# You paired model and pseudo-gradient by their position: their names may come in
# different orders.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for (name, w), g in zip(model.items(), pseudo_gradient.values(), strict=True):
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = w - lr * velocity[name]
    return new_model, velocity


# %% mutant="scales-the-model" exercise="fedavgm"
# You multiplied the new model by lr, not the step: with a pseudo-gradient of 0 the
# model must stay.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = lr * (w - velocity[name])
    return new_model, velocity


# %% mutant="model-in-place" exercise="fedavgm"
# You changed the model that was passed in: subtract into a new array.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        w -= lr * velocity[name]
        new_model[name] = w.copy()
    return new_model, velocity


# %% mutant="one-velocity" exercise="fedavgm"
# You kept one velocity for all arrays, the last one's: each array has its own.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get("v", 0) + g
        new_model[name] = w - lr * velocity[name]
    return new_model, {"v": float(np.sum(velocity["w"]))}


# %% mutant="always-float64" exercise="fedavgm"
# You returned float64 arrays whatever the model has: keep the dtype of each array.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = np.float64(w) - lr * velocity[name]
    return new_model, velocity


# %% mutant="always-float32" exercise="fedavgm"
# You returned float32 arrays whatever the model has: keep the dtype of each array.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = np.float32(w - lr * velocity[name])
    return new_model, velocity


# %% mutant="flattened" exercise="fedavgm"
# You returned flat arrays: keep the shape of each array.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = np.ravel(w) - np.ravel(lr * velocity[name])
    return new_model, velocity


# %% mutant="no-arrays-without-dimensions" exercise="fedavgm"
# You gave an array of shape () the shape (1,): a number keeps its shape.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = np.atleast_1d(w - lr * velocity[name])
    return new_model, velocity


# %% mutant="lr-twice" exercise="fedavgm"
# You put lr into the velocity and into the step: it acts twice.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + lr * g
        new_model[name] = w - lr * velocity[name]
    return new_model, velocity


# %% mutant="momentum-on-the-gradient" exercise="fedavgm"
# You multiplied the new pseudo-gradient by momentum, too: only the past decays.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * (state.get(name, 0) + g)
        new_model[name] = w - lr * velocity[name]
    return new_model, velocity


# %% mutant="no-first-step" exercise="fedavgm"
# You used the velocity of the round before, which is 0 at first: the first
# pseudo-gradient moves nothing.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = w - lr * state.get(name, 0 * g)
    return new_model, velocity


# %% mutant="drops-the-scalars" exercise="fedavgm"
# You left out the arrays without dimensions: every array of the model takes the step.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        if np.ndim(w) == 0:
            new_model[name] = w
            continue
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = w - lr * velocity[name]
    return new_model, velocity


# %% mutant="sign-of-velocity" exercise="fedavgm"
# You subtracted the pseudo-gradient from the velocity, and the velocity from the
# model: that climbs.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) - g
        new_model[name] = w - lr * velocity[name]
    return new_model, velocity


# %% mutant="nesterov-instead" exercise="fedavgm"
# You wrote Nesterov's step, which looks ahead: FedAvgM subtracts lr times the
# velocity.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = w - lr * (g + momentum * velocity[name])
    return new_model, velocity


# %% mutant="plain-average" exercise="fedavgm"
# You ignored the velocity in the step: that is FedAvg with a learning rate.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = w - lr * g
    return new_model, velocity


# %% mutant="momentum-of-the-model" exercise="fedavgm"
# You decayed the model, not the velocity: that is weight decay.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = momentum * w - lr * g
    return new_model, velocity


# %% mutant="state-by-shape" exercise="fedavgm"
# You keep the velocity under the array's shape, where two arrays of one shape share it.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new, vel = {}, {}
    for n in model:
        w, g = model[n], pseudo_gradient[n]
        v = momentum * state.get(str(w.shape), np.zeros_like(w)) + g
        vel[str(w.shape)] = v
        new[n] = w - lr * v
    return new, vel


# %% mutant="brackets" exercise="fedavgm"
# You multiplied the pseudo-gradient by the momentum as well: only the old velocity
# decays.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new, vel = {}, {}
    for n in model:
        w, g = model[n], pseudo_gradient[n]
        v = momentum * (state.get(n, np.zeros_like(w)) + g)
        vel[n] = v
        new[n] = w - lr * v
    return new, vel


# %% mutant="empty-arrays" exercise="fedavgm"
# You returned arrays without entries: every array of the new model has the shape that
# it has in the old one.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    return {n: np.zeros(0, w.dtype) for n, w in model.items()}, state


# %% alternative="keeps-the-model-before" exercise="fedavgm"
# Heavy ball without a velocity: remembers how the model moved last time.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    before = state.get("before", model)
    new_model = {
        name: w - lr * pseudo_gradient[name] + momentum * (w - before[name])
        for name, w in model.items()
    }
    return new_model, {"before": {name: np.array(w) for name, w in model.items()}}


# %% alternative="lr-in-the-velocity" exercise="fedavgm"
# Keeps lr times the velocity, which is the same while lr stays the same.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    steps, result = dict(), dict()
    for name in sorted(model):
        past = state["steps"][name] if "steps" in state else np.zeros_like(model[name])
        steps[name] = np.asarray(momentum * past + lr * pseudo_gradient[name])
        result[name] = model[name] - steps[name]
    return result, {"steps": steps}


# %% alternative="sum-over-the-past" exercise="fedavgm"
# Keeps all pseudo-gradients, and sums them up with decaying weights.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    past = state.get("past", []) + [{n: g.copy() for n, g in pseudo_gradient.items()}]
    new_model = {}
    for name, w in model.items():
        velocity = 0
        for age, gradient in enumerate(reversed(past)):
            velocity = velocity + momentum**age * gradient[name]
        new_model[name] = np.asarray(w - lr * velocity, dtype=w.dtype)
    return new_model, {"past": past}


# %% alternative="torch" exercise="fedavgm"
# Lets torch's SGD take the step, number by number in float64.
import torch


def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new_model, buffers = {}, {}
    for name, w in model.items():
        g = torch.tensor(np.float64(pseudo_gradient[name]))
        if name in state:
            buffers[name] = torch.as_tensor(state[name]) * momentum + g
        else:
            buffers[name] = g
        moved = torch.tensor(np.float64(w)).sub(buffers[name], alpha=lr)
        new_model[name] = moved.numpy().astype(w.dtype)
    return new_model, {name: buffer.numpy() for name, buffer in buffers.items()}


# %% alternative="lambda-map" exercise="fedavgm"
# Makes model and velocity in one go, in a lambda.
def fedavgm(model, pseudo_gradient, state, *, lr, momentum):
    new, vel = {}, {}
    for n in model:
        w, g = model[n], pseudo_gradient[n]
        v = momentum * state.get(n, np.zeros_like(w)) + g
        new[n], vel[n] = (lambda v: (w - lr * v, v))(v)
    return new, vel


# %% mutant="adds-the-step" exercise="nesterov"
# You added the step. The pseudo-gradient is old minus new, so the optimiser subtracts
# it.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = w + lr * (g + momentum * velocity[name])
    return new_model, velocity


# %% mutant="dampened" exercise="nesterov"
# You weighed the new pseudo-gradient by 1 - momentum. Here the velocity is a decaying
# sum, not an average.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + (1 - momentum) * g
        new_model[name] = w - lr * (g + momentum * velocity[name])
    return new_model, velocity


# %% mutant="no-memory" exercise="nesterov"
# You did not put the velocity into the state: each round starts from 0.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = w - lr * (g + momentum * velocity[name])
    return new_model, {}


# %% mutant="state-in-place" exercise="nesterov"
# You changed the state that was passed in. A server that repeats a round would then
# start from another velocity: build a new dictionary.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, state
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * velocity.get(name, 0) + g
        new_model[name] = w - lr * (g + momentum * velocity[name])
    return new_model, velocity


# %% mutant="velocity-in-place" exercise="nesterov"
# You wrote into the velocity's own arrays with *= and +=: the state that was passed
# in changes with them.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = state.get(name, np.zeros_like(w))
        velocity[name] *= momentum
        velocity[name] += g
        new_model[name] = w - lr * (g + momentum * velocity[name])
    return new_model, velocity


# %% mutant="keeps-the-buffer" exercise="nesterov"
# In the first round your velocity is the very array of the pseudo-gradient, which the
# server overwrites: copy it.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state[name] + g if state else g
        new_model[name] = w - lr * (g + momentum * velocity[name])
    return new_model, velocity


# %% mutant="global-velocity" exercise="nesterov"
# You kept the velocity in a global variable, so that all runs share it and no
# checkpoint has it: the state is where it belongs.
VELOCITY = {}


def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * VELOCITY.get(name, 0) + g
        VELOCITY[name] = velocity[name]
        new_model[name] = w - lr * (g + momentum * velocity[name])
    return new_model, velocity


# %% mutant="by-position" exercise="nesterov"
# You paired model and pseudo-gradient by their position: their names may come in
# different orders.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for (name, w), g in zip(model.items(), pseudo_gradient.values(), strict=True):
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = w - lr * (g + momentum * velocity[name])
    return new_model, velocity


# %% mutant="scales-the-model" exercise="nesterov"
# You multiplied the new model by lr, not the step: with a pseudo-gradient of 0 the
# model must stay.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = lr * (w - (g + momentum * velocity[name]))
    return new_model, velocity


# %% mutant="model-in-place" exercise="nesterov"
# You changed the model that was passed in: subtract into a new array.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        w -= lr * (g + momentum * velocity[name])
        new_model[name] = w.copy()
    return new_model, velocity


# %% mutant="one-velocity" exercise="nesterov"
# You kept one velocity for all arrays, the last one's: each array has its own.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get("v", 0) + g
        new_model[name] = w - lr * (g + momentum * velocity[name])
    return new_model, {"v": float(np.sum(velocity["w"]))}


# %% mutant="always-float64" exercise="nesterov"
# You returned float64 arrays whatever the model has: keep the dtype of each array.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = np.float64(w) - lr * (g + momentum * velocity[name])
    return new_model, velocity


# %% mutant="always-float32" exercise="nesterov"
# You returned float32 arrays whatever the model has: keep the dtype of each array.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = np.float32(w - lr * (g + momentum * velocity[name]))
    return new_model, velocity


# %% mutant="flattened" exercise="nesterov"
# You returned flat arrays: keep the shape of each array.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = np.ravel(w) - np.ravel(lr * (g + momentum * velocity[name]))
    return new_model, velocity


# %% mutant="no-arrays-without-dimensions" exercise="nesterov"
# You gave an array of shape () the shape (1,): a number keeps its shape.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = np.atleast_1d(w - lr * (g + momentum * velocity[name]))
    return new_model, velocity


# %% mutant="lr-twice" exercise="nesterov"
# You put lr into the velocity and into the step: it acts twice.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + lr * g
        new_model[name] = w - lr * (g + momentum * velocity[name])
    return new_model, velocity


# %% mutant="momentum-on-the-gradient" exercise="nesterov"
# You multiplied the new pseudo-gradient by momentum, too: only the past decays.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * (state.get(name, 0) + g)
        new_model[name] = w - lr * (g + momentum * velocity[name])
    return new_model, velocity


# %% mutant="no-first-step" exercise="nesterov"
# You used the velocity of the round before, which is 0 at first: the first
# pseudo-gradient moves nothing.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = w - lr * state.get(name, 0 * g)
    return new_model, velocity


# %% mutant="drops-the-scalars" exercise="nesterov"
# You left out the arrays without dimensions: every array of the model takes the step.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        if np.ndim(w) == 0:
            new_model[name] = w
            continue
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = w - lr * (g + momentum * velocity[name])
    return new_model, velocity


# %% mutant="sign-of-velocity" exercise="nesterov"
# You subtracted the pseudo-gradient from the velocity, and the velocity from the
# model: that climbs.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) - g
        new_model[name] = w - lr * (g + momentum * velocity[name])
    return new_model, velocity


# %% mutant="old-velocity" exercise="nesterov"
# You looked ahead along the old velocity: g + momentum * old velocity is the new
# velocity, and that is FedAvgM.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = w - lr * (g + momentum * state.get(name, 0))
    return new_model, velocity


# %% mutant="no-gradient" exercise="nesterov"
# You left g out of the step: it is g plus momentum times the new velocity.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = w - lr * (momentum * velocity[name])
    return new_model, velocity


# %% mutant="velocity-in-full" exercise="nesterov"
# You added the whole velocity: look ahead by momentum times the velocity.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = w - lr * (g + velocity[name])
    return new_model, velocity


# %% mutant="stores-the-direction" exercise="nesterov"
# You kept the direction g + momentum * v as the velocity: what is kept is v.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        velocity[name] = g + momentum * velocity[name]
        new_model[name] = w - lr * velocity[name]
    return new_model, velocity


# %% mutant="plain-first-round" exercise="nesterov"
# You took a plain step in the first round: the equation holds there as well, with v =
# g.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = w - lr * (g + (momentum * velocity[name] if state else 0))
    return new_model, velocity


# %% mutant="fedavgm-instead" exercise="nesterov"
# You wrote FedAvgM: the step is g plus momentum times the new velocity.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = w - lr * velocity[name]
    return new_model, velocity


# %% mutant="momentum-squared" exercise="nesterov"
# You looked ahead twice: momentum squared times the velocity.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new_model, velocity = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        velocity[name] = momentum * state.get(name, 0) + g
        new_model[name] = w - lr * (g + momentum**2 * velocity[name])
    return new_model, velocity


# %% mutant="state-by-shape" exercise="nesterov"
# You keep the velocity under the array's shape, where two arrays of one shape share it.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new, vel = {}, {}
    for n in model:
        w, g = model[n], pseudo_gradient[n]
        v = momentum * state.get(str(w.shape), np.zeros_like(w)) + g
        vel[str(w.shape)] = v
        new[n] = w - lr * (g + momentum * v)
    return new, vel


# %% mutant="mean-of-old-and-new" exercise="nesterov"
# You stepped along the mean of the old and the new velocity: both formulas use the new
# one.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new, vel = {}, {}
    for n in model:
        w, g = model[n], pseudo_gradient[n]
        v = momentum * state.get(n, np.zeros_like(w)) + g
        vel[n] = v
        v = (v + state.get(n, 0)) / 2
        new[n] = w - lr * (g + momentum * v)
    return new, vel


# %% mutant="an-axis-for-the-round" exercise="nesterov"
# You returned the last of a stack of models with the stack's axis: the new model has
# the shapes of the old one.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new, vel = {}, {}
    for n, w in model.items():
        g = pseudo_gradient[n]
        v = momentum * state.get(n, np.zeros_like(g)) + g
        vel[n] = v
        new[n] = np.stack([w, w - lr * (g + momentum * v)])[1:]
    return new, vel


# %% alternative="two-points" exercise="nesterov"
# FedMom's form, which has no velocity.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    ahead = {name: w - lr * pseudo_gradient[name] for name, w in model.items()}
    behind = state or model
    new_model = {
        name: (1 + momentum) * ahead[name] - momentum * behind[name] for name in model
    }
    return new_model, ahead


# %% alternative="one-formula" exercise="nesterov"
# Expands the step into the old velocity and g.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    old = {name: state.get(name, np.zeros_like(w)) for name, w in model.items()}
    new_state = {name: old[name] * momentum + pseudo_gradient[name] for name in old}
    return {
        name: model[name]
        - lr * (1 + momentum) * pseudo_gradient[name]
        - lr * momentum**2 * old[name]
        for name in model
    }, new_state


# %% alternative="flat-vector" exercise="nesterov"
# Lays the model out as one float64 vector, and cuts it up again.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    names = sorted(model)
    g = np.concatenate([np.float64(pseudo_gradient[name]).ravel() for name in names])
    v = momentum * state.get("v", np.zeros(len(g))) + g
    step = lr * (g + momentum * v)
    new_model, first = {}, 0
    for name in names:
        w = model[name]
        part = step[first : first + w.size].reshape(w.shape)
        new_model[name] = np.asarray(w - part).astype(w.dtype)
        first += w.size
    return new_model, {"v": v}


# %% alternative="list-of-past" exercise="nesterov"
# Keeps all pseudo-gradients, and sums them up anew in each round.
def nesterov(model, pseudo_gradient, state, *, lr, momentum):
    new, vel = {}, {}
    for n in model:
        w, g = model[n], pseudo_gradient[n]
        past = [*state.get("past", {}).get(n, []), np.array(g)]
        v = sum(momentum ** (len(past) - 1 - i) * p for i, p in enumerate(past))
        vel[n] = past
        new[n] = w - lr * (g + momentum * v)
    return new, {"past": vel}


# %% [markdown]
# ## Task 3


# %% mutant="u-is-zero-at-first" exercise="fedmom"
# You started u at 0: it is the model itself at first, or the first round adds a large
# part of the model.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        u = state.get(name, np.zeros_like(w))
        ahead = w - lr * pseudo_gradient[name]
        new_model[name] = ahead + momentum * (ahead - u)
        new_state[name] = ahead
    return new_model, new_state


# %% mutant="keeps-the-model" exercise="fedmom"
# You kept the new model as u: keep the point that the plain step reached.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        u = state.get(name, w)
        ahead = w - lr * pseudo_gradient[name]
        new_model[name] = ahead + momentum * (ahead - u)
        new_state[name] = new_model[name]
    return new_model, new_state


# %% mutant="keeps-the-old-model" exercise="fedmom"
# You kept the old model as u: keep the point that the plain step reached.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        u = state.get(name, w)
        ahead = w - lr * pseudo_gradient[name]
        new_model[name] = ahead + momentum * (ahead - u)
        new_state[name] = w.copy()
    return new_model, new_state


# %% mutant="never-updates-u" exercise="fedmom"
# You kept the first u for ever: after each round u is the point that the plain step
# reached.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        u = state.get(name, w)
        ahead = w - lr * pseudo_gradient[name]
        new_model[name] = ahead + momentum * (ahead - u)
        new_state[name] = np.copy(u)
    return new_model, new_state


# %% mutant="no-memory" exercise="fedmom"
# You did not put u into the state: each round begins as the first.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        u = state.get(name, w)
        ahead = w - lr * pseudo_gradient[name]
        new_model[name] = ahead + momentum * (ahead - u)
        new_state[name] = ahead
    return new_model, {}


# %% mutant="goes-back" exercise="fedmom"
# You went back towards u: the step goes on in the direction in which u moved.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        u = state.get(name, w)
        ahead = w - lr * pseudo_gradient[name]
        new_model[name] = ahead + momentum * (u - ahead)
        new_state[name] = ahead
    return new_model, new_state


# %% mutant="adds-the-step" exercise="fedmom"
# You added the pseudo-gradient. It is old minus new, so the optimiser subtracts it.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        u = state.get(name, w)
        ahead = w + lr * pseudo_gradient[name]
        new_model[name] = ahead + momentum * (ahead - u)
        new_state[name] = ahead
    return new_model, new_state


# %% mutant="starts-from-u" exercise="fedmom"
# You took the plain step from u: it starts from the model w.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        u = state.get(name, w)
        ahead = u - lr * pseudo_gradient[name]
        new_model[name] = ahead + momentum * (ahead - u)
        new_state[name] = ahead
    return new_model, new_state


# %% mutant="lr-missing" exercise="fedmom"
# You left lr out of the plain step.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        u = state.get(name, w)
        ahead = w - pseudo_gradient[name]
        new_model[name] = ahead + momentum * (ahead - u)
        new_state[name] = ahead
    return new_model, new_state


# %% mutant="lr-twice" exercise="fedmom"
# You multiplied the way that u moved by lr as well: lr acts in the plain step only.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        u = state.get(name, w)
        ahead = w - lr * pseudo_gradient[name]
        new_model[name] = ahead + lr * momentum * (ahead - u)
        new_state[name] = ahead
    return new_model, new_state


# %% mutant="from-the-model" exercise="fedmom"
# You went on from w: the new model is the new u plus momentum times its way.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        u = state.get(name, w)
        ahead = w - lr * pseudo_gradient[name]
        new_model[name] = w + momentum * (ahead - u)
        new_state[name] = ahead
    return new_model, new_state


# %% mutant="way-of-the-model" exercise="fedmom"
# You took the way from w to the new u: it is the way from the old u to the new one.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        ahead = w - lr * pseudo_gradient[name]
        new_model[name] = ahead + momentum * (ahead - w)
        new_state[name] = ahead
    return new_model, new_state


# %% mutant="average-of-two" exercise="fedmom"
# You averaged the two points, (1 - momentum) and momentum: FedMom goes beyond the new
# u.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        u = state.get(name, w)
        ahead = w - lr * pseudo_gradient[name]
        new_model[name] = (1 - momentum) * ahead + momentum * u
        new_state[name] = ahead
    return new_model, new_state


# %% mutant="wrong-factors" exercise="fedmom"
# You took momentum times the new u: it is 1 + momentum, so that the factors add up to
# 1.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        u = state.get(name, w)
        ahead = w - lr * pseudo_gradient[name]
        new_model[name] = momentum * ahead + (1 - momentum) * u
        new_state[name] = ahead
    return new_model, new_state


# %% mutant="state-in-place" exercise="fedmom"
# You changed the state that was passed in: build a new dictionary.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, state
    for name, w in model.items():
        u = state.get(name, w)
        ahead = w - lr * pseudo_gradient[name]
        new_model[name] = ahead + momentum * (ahead - u)
        new_state[name] = ahead
    return new_model, new_state


# %% mutant="keeps-the-buffer" exercise="fedmom"
# Your u is the very array of the model that was passed in, which the server
# overwrites: copy it.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        u = state.get(name, w)
        ahead = w - lr * pseudo_gradient[name]
        new_model[name] = ahead + momentum * (ahead - u)
        new_state[name] = w
    return new_model, new_state


# %% mutant="model-in-place" exercise="fedmom"
# You took the plain step in place, in the model that was passed in.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        u = state.get(name, w)
        u = np.copy(u)
        w -= lr * pseudo_gradient[name]
        ahead = w.copy()
        new_model[name] = ahead + momentum * (ahead - u)
        new_state[name] = ahead
    return new_model, new_state


# %% mutant="gradient-in-place" exercise="fedmom"
# You multiplied the pseudo-gradient by lr in place: what is passed in must not
# change.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        u = state.get(name, w)
        g = pseudo_gradient[name]
        g *= lr
        ahead = w - g
        new_model[name] = ahead + momentum * (ahead - u)
        new_state[name] = ahead
    return new_model, new_state


# %% mutant="by-position" exercise="fedmom"
# You paired model and pseudo-gradient by their position: their names may come in
# different orders.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    pairs = zip(model.items(), pseudo_gradient.values(), strict=True)
    for (name, w), g in pairs:
        u = state.get(name, w)
        ahead = w - lr * g
        new_model[name] = ahead + momentum * (ahead - u)
        new_state[name] = ahead
    return new_model, new_state


# %% mutant="fedavgm-instead" exercise="fedmom"
# You wrote FedAvgM, whose models differ from FedMom's from the first round on.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        new_state[name] = momentum * state.get(name, 0) + g
        new_model[name] = w - lr * new_state[name]
    return new_model, new_state


# %% mutant="global-u" exercise="fedmom"
# You kept u in a global variable, so that all runs share it and no checkpoint has it.
U = {}


def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        u = U.get(name, w)
        ahead = w - lr * pseudo_gradient[name]
        new_model[name] = ahead + momentum * (ahead - u)
        U[name] = ahead
    return new_model, new_state


# %% mutant="always-float64" exercise="fedmom"
# You returned float64 arrays whatever the model has: keep the dtype of each array.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        u = state.get(name, w)
        ahead = np.float64(w) - lr * pseudo_gradient[name]
        new_model[name] = ahead + momentum * (ahead - u)
        new_state[name] = ahead
    return new_model, new_state


# %% mutant="momentum-from-round-2" exercise="fedmom"
# You took a plain step in the first round: with u = w the way of u is -lr * g there,
# and momentum counts.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        u = state.get(name, w)
        ahead = w - lr * pseudo_gradient[name]
        new_model[name] = ahead + momentum * (ahead - u) * bool(state)
        new_state[name] = ahead
    return new_model, new_state


# %% mutant="shifted" exercise="fedmom"
# You went on along the way that u took a round ago: use the new way.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new_model, new_state = {}, {}
    for name, w in model.items():
        u = state.get(name, w)
        ahead = w - lr * pseudo_gradient[name]
        way = state.get("way", {}).get(name, 0 * w)
        new_model[name] = ahead + momentum * way
        new_state[name] = ahead
        new_state.setdefault("way", {})[name] = ahead - u
    return new_model, new_state


# %% mutant="u-first-is-up" exercise="fedmom"
# You start with u at the point after the step, so that the first round has no momentum.
# At first u is the model.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new, us = {}, {}
    for n, w in model.items():
        up = w - lr * pseudo_gradient[n]
        u = state.get(n, up)
        new[n] = up + momentum * (up - u)
        us[n] = up
    return new, us


# %% mutant="blends-u" exercise="fedmom"
# You averaged u. After the round u is the point that plain gradient descent reached, no
# more.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new, us = {}, {}
    for n, w in model.items():
        up = w - lr * pseudo_gradient[n]
        u = state.get(n, w)
        new[n] = up + momentum * (up - u)
        us[n] = momentum * u + (1 - momentum) * up
    return new, us


# %% mutant="notes-in-the-old-state" exercise="fedmom"
# You wrote the point that you read into the state you were given, too: that state
# belongs to the caller, and stays as it is.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    last = state.get("u", model)
    state["last"] = last
    ahead = {n: w - lr * pseudo_gradient[n] for n, w in model.items()}
    return {n: a + momentum * (a - last[n]) for n, a in ahead.items()}, {"u": ahead}


# %% alternative="velocity" exercise="fedmom"
# Nesterov's form: the same models, another state.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    v = {n: momentum * state.get(n, 0) + g for n, g in pseudo_gradient.items()}
    return {
        n: w - lr * (pseudo_gradient[n] + momentum * v[n]) for n, w in model.items()
    }, v


# %% alternative="two-comprehensions" exercise="fedmom"
# Three dictionaries, one line each.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    u = state["u"] if state else model
    plus = {name: model[name] - lr * pseudo_gradient[name] for name in model}
    new = {name: (1 + momentum) * plus[name] - momentum * u[name] for name in model}
    return new, {"u": plus}


# %% alternative="pairs-in-float64" exercise="fedmom"
# Keeps u in float64, in lists, and converts at the end.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    names = list(model)
    if state:
        old = dict(zip(state["names"], state["arrays"], strict=True))
    else:
        old = {name: np.array(model[name], dtype=float) for name in names}
    arrays, new_model = [], {}
    for name in names:
        w = np.array(model[name], dtype=float)
        arrays.append(w - lr * np.array(pseudo_gradient[name], dtype=float))
        w = arrays[-1] + momentum * (arrays[-1] - old[name])
        new_model[name] = np.asarray(w, dtype=model[name].dtype)
    return new_model, {"names": names, "arrays": arrays}


# %% alternative="deep-state" exercise="fedmom"
# Keeps u one level deeper, and counts the rounds.
def fedmom(model, pseudo_gradient, state, *, lr, momentum):
    new, us = {}, {}
    for n, w in model.items():
        up = w - lr * pseudo_gradient[n]
        u = state["u"][n] if state else w
        new[n] = up + momentum * (up - u)
        us[n] = up
    return new, {"round": state.get("round", 0) + 1, "u": us}


# %% mutant="one-round" exercise="same-models"
# You ran one round: many faults show only when there is something to remember. Run
# ten.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(1):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                assert np.allclose(ours[name], theirs[name]), name


# %% mutant="two-rounds" exercise="same-models"
# You ran two rounds: an optimiser that forgets later passes. Run ten.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(2):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                assert np.allclose(ours[name], theirs[name]), name


# %% mutant="five-rounds" exercise="same-models"
# You ran five rounds: an optimiser that loses its state in the sixth passes. Run ten.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(5):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                assert np.allclose(ours[name], theirs[name]), name


# %% mutant="always-the-same-gradient" exercise="same-models"
# You used the same pseudo-gradient in all rounds: draw a new one every round.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        g = {name: rng.normal(size=array.shape) for name, array in model.items()}
        for _ in range(10):
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                assert np.allclose(ours[name], theirs[name]), name


# %% mutant="starts-at-zero" exercise="same-models"
# You started from a model of zeros: an optimiser that takes the model for 0 at first
# passes.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": np.zeros((2, 2)), "b": np.zeros(3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                assert np.allclose(ours[name], theirs[name]), name


# %% mutant="zero-gradient" exercise="same-models"
# You used pseudo-gradients of 0: nothing moves, and everything is equal.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: 0.0 * array for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                assert np.allclose(ours[name], theirs[name]), name


# %% mutant="lr-is-one" exercise="same-models"
# You tried lr = 1 only, where lr and its square are the same.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((1.0, 0.9), (1.0, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                assert np.allclose(ours[name], theirs[name]), name


# %% mutant="one-momentum" exercise="same-models"
# You tried one momentum, 0.9: an optimiser that always takes 0.9 passes.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.9)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                assert np.allclose(ours[name], theirs[name]), name


# %% mutant="no-momentum" exercise="same-models"
# You tried momentum = 0 only, where all optimisers are gradient descent.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.0), (1.2, 0.0)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                assert np.allclose(ours[name], theirs[name]), name


# %% mutant="one-setting" exercise="same-models"
# You tried one pair of lr and momentum: an optimiser with that momentum written into
# its code passes. Try two.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.3, 0.5),):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                assert np.allclose(ours[name], theirs[name]), name


# %% mutant="one-array-compared" exercise="same-models"
# You compared one of the arrays only.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in ("w",):
                assert np.allclose(ours[name], theirs[name]), name


# %% mutant="last-array-compared" exercise="same-models"
# You compared after the loop over the names had ended: only its last array was looked
# at.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                equal = np.allclose(ours[name], theirs[name])
            assert equal


# %% mutant="one-array" exercise="same-models"
# Your model has one array: faults in the second one pass.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2))}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                assert np.allclose(ours[name], theirs[name]), name


# %% mutant="arrays-of-one-number" exercise="same-models"
# Your arrays hold one number each: faults in a part of an array pass.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=1), "b": rng.normal(size=1)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                assert np.allclose(ours[name], theirs[name]), name


# %% mutant="exact" exercise="same-models"
# You compared with ==: the same optimisers round differently. Allow for the last
# digits.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                assert np.array_equal(ours[name], theirs[name]), name


# %% mutant="too-tolerant" exercise="same-models"
# You allowed a difference of 1: real faults are smaller.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                assert np.allclose(ours[name], theirs[name], atol=1.0), name


# %% mutant="very-tolerant" exercise="same-models"
# You allowed a relative difference of one half: real faults are smaller.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                assert np.allclose(ours[name], theirs[name], rtol=0.5, atol=0.5), name


# %% mutant="compares-sums" exercise="same-models"
# You compared the sums of the arrays: an optimiser that mixes up the numbers of an
# array passes.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                assert np.isclose(ours[name].sum(), theirs[name].sum()), name


# %% mutant="compares-states" exercise="same-models"
# You compared the states: the same optimisers may remember different things.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            assert set(mine) == set(yours)
            for name in model:
                assert np.allclose(ours[name], theirs[name]), name


# %% mutant="shared-state" exercise="same-models"
# You gave both optimisers one state: each needs its own.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, mine, lr=lr, momentum=momentum)
            for name in model:
                assert np.allclose(ours[name], theirs[name]), name


# %% mutant="state-not-passed-on" exercise="same-models"
# You passed {} in every round: nothing can be remembered.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, {}, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, {}, lr=lr, momentum=momentum)
            for name in model:
                assert np.allclose(ours[name], theirs[name]), name


# %% mutant="same-model-every-round" exercise="same-models"
# You started both from the first model in every round, with their states running on.
# It may do for a velocity, but FedMom remembers where it stood.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(model, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(model, g, yours, lr=lr, momentum=momentum)
            for name in model:
                assert np.allclose(ours[name], theirs[name]), name


# %% mutant="returns-a-verdict" exercise="same-models"
# You returned True or False: a test raises AssertionError when it fails.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                if not np.allclose(ours[name], theirs[name]):
                    return False
    return True


# %% mutant="raises-value-error" exercise="same-models"
# You raised ValueError: a test that fails raises AssertionError.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                if not np.allclose(ours[name], theirs[name]):
                    raise ValueError(name)


# %% mutant="always-fails" exercise="same-models"
# Your test fails for every pair: check that it passes for two that are the same.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                assert not np.allclose(ours[name], theirs[name]), name


# %% mutant="different-gradients" exercise="same-models"
# You gave the two optimisers different pseudo-gradients: then nothing can be
# concluded.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                assert np.allclose(ours[name], theirs[name]), name


# %% mutant="compares-with-itself" exercise="same-models"
# You ran the first optimiser twice: it always agrees with itself.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = first(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                assert np.allclose(ours[name], theirs[name]), name


# %% mutant="compares-with-nesterov" exercise="same-models"
# You compared both with Nesterov: the test is for any two optimisers.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                assert np.allclose(ours[name], theirs[name]), name
                if _ == 0:
                    ahead = model[name] - lr * (1 + momentum) * g[name]
                    assert np.allclose(ours[name], ahead)


# %% mutant="last-round-of-the-means" exercise="same-models"
# You compared the mean of the absolute values in the last round: other faults agree
# in it, to the tolerance that you allow.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
        for name in model:
            one, other = np.abs(ours[name]).mean(), np.abs(theirs[name]).mean()
            assert abs(one - other) < 0.3


# %% mutant="catches-its-own-error" exercise="same-models"
# You caught the AssertionError in your own test.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr=lr, momentum=momentum)
            theirs, yours = second(theirs, g, yours, lr=lr, momentum=momentum)
            for name in model:
                try:
                    assert np.allclose(ours[name], theirs[name]), name
                except AssertionError:
                    print("different", name)


# %% mutant="settings-by-position" exercise="same-models"
# You passed lr and momentum by position: they are keyword arguments.
def check_same(first, second):
    rng = np.random.default_rng(3)
    for lr, momentum in ((0.5, 0.9), (1.2, 0.4)):
        model = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=3)}
        ours, theirs, mine, yours = model, model, {}, {}
        for _ in range(10):
            g = {name: rng.normal(size=array.shape) for name, array in model.items()}
            ours, mine = first(ours, g, mine, lr, momentum)
            theirs, yours = second(theirs, g, yours, lr, momentum)
            for name in model:
                assert np.allclose(ours[name], theirs[name]), name


# %% mutant="no-abs" exercise="same-models"
# You compared the difference, not its magnitude: a second optimiser that is too large
# everywhere passes.
def check_same(first, second):
    rng = np.random.default_rng(7)
    for lr, momentum in ((0.6, 0.8), (1.4, 0.2)):
        shapes = {"a": (2, 3), "c": (5,)}
        start = {n: rng.normal(size=s) for n, s in shapes.items()}
        gs = [{n: rng.normal(size=s) for n, s in shapes.items()} for _ in range(10)]
        ours = rollout(first, start, gs, lr=lr, momentum=momentum)
        theirs = rollout(second, start, gs, lr=lr, momentum=momentum)
        for t in range(10):
            for n in shapes:
                assert np.all(ours[t][n] - theirs[t][n] < 1e-8), (t, n)


# %% mutant="compares-norms" exercise="same-models"
# You compared lengths. Models of the same length can be different.
def check_same(first, second):
    rng = np.random.default_rng(7)
    for lr, momentum in ((0.6, 0.8), (1.4, 0.2)):
        shapes = {"a": (2, 3), "c": (5,)}
        start = {n: rng.normal(size=s) for n, s in shapes.items()}
        gs = [{n: rng.normal(size=s) for n, s in shapes.items()} for _ in range(10)]
        ours = rollout(first, start, gs, lr=lr, momentum=momentum)
        theirs = rollout(second, start, gs, lr=lr, momentum=momentum)
        for t in range(10):
            for n in shapes:
                assert np.isclose(
                    np.linalg.norm(ours[t][n]), np.linalg.norm(theirs[t][n])
                ), (t, n)


# %% mutant="sorted-values" exercise="same-models"
# You sorted the numbers before you compared them: an optimiser that mixes them up
# passes.
def check_same(first, second):
    rng = np.random.default_rng(7)
    for lr, momentum in ((0.6, 0.8), (1.4, 0.2)):
        shapes = {"a": (2, 3), "c": (5,)}
        start = {n: rng.normal(size=s) for n, s in shapes.items()}
        gs = [{n: rng.normal(size=s) for n, s in shapes.items()} for _ in range(10)]
        ours = rollout(first, start, gs, lr=lr, momentum=momentum)
        theirs = rollout(second, start, gs, lr=lr, momentum=momentum)
        for t in range(10):
            for n in shapes:
                assert np.allclose(
                    np.sort(ours[t][n].ravel()), np.sort(theirs[t][n].ravel())
                ), (t, n)


# %% mutant="return-in-the-loop" exercise="same-models"
# You return after the first comparison; the later rounds are never looked at.
def check_same(first, second):
    rng = np.random.default_rng(7)
    for lr, momentum in ((0.6, 0.8), (1.4, 0.2)):
        shapes = {"a": (2, 3), "c": (5,)}
        start = {n: rng.normal(size=s) for n, s in shapes.items()}
        gs = [{n: rng.normal(size=s) for n, s in shapes.items()} for _ in range(10)]
        ours = rollout(first, start, gs, lr=lr, momentum=momentum)
        theirs = rollout(second, start, gs, lr=lr, momentum=momentum)
        for t in range(10):
            for n in shapes:
                assert np.allclose(ours[t][n], theirs[t][n]), (t, n)
        return


# %% mutant="return-after-the-first-setting" exercise="same-models"
# You return after the first lr and momentum: a wrong optimiser may agree at these.
def check_same(first, second):
    rng = np.random.default_rng(7)
    for lr, momentum in ((0.6, 0.8), (1.4, 0.2)):
        shapes = {"a": (2, 3), "c": (5,)}
        start = {n: rng.normal(size=s) for n, s in shapes.items()}
        gs = [{n: rng.normal(size=s) for n, s in shapes.items()} for _ in range(10)]
        ours = rollout(first, start, gs, lr=lr, momentum=momentum)
        theirs = rollout(second, start, gs, lr=lr, momentum=momentum)
        for t in range(10):
            for n in shapes:
                assert np.allclose(ours[t][n], theirs[t][n]), (t, n)
        return


# %% mutant="lr-one-or-no-momentum" exercise="same-models"
# One of your settings has lr 1 and the other no momentum: a factor of lr on the
# momentum shows in neither.
def check_same(first, second):
    rng = np.random.default_rng(7)
    for lr, momentum in ((1.0, 0.8), (1.4, 0.0)):
        shapes = {"a": (2, 3), "c": (5,)}
        start = {n: rng.normal(size=s) for n, s in shapes.items()}
        gs = [{n: rng.normal(size=s) for n, s in shapes.items()} for _ in range(10)]
        ours = rollout(first, start, gs, lr=lr, momentum=momentum)
        theirs = rollout(second, start, gs, lr=lr, momentum=momentum)
        for t in range(10):
            for n in shapes:
                assert np.allclose(ours[t][n], theirs[t][n]), (t, n)


# %% mutant="compares-the-means" exercise="same-models"
# You compared the mean of an array, which stays as it is when its numbers change
# places.
def check_same(first, second):
    rng = np.random.default_rng(7)
    for lr, momentum in ((0.6, 0.8), (1.4, 0.2)):
        shapes = {"a": (2, 3), "c": (5,)}
        start = {n: rng.normal(size=s) for n, s in shapes.items()}
        gs = [{n: rng.normal(size=s) for n, s in shapes.items()} for _ in range(10)]
        ours = rollout(first, start, gs, lr=lr, momentum=momentum)
        theirs = rollout(second, start, gs, lr=lr, momentum=momentum)
        for t in range(10):
            for n in shapes:
                assert np.isclose(ours[t][n].mean(), theirs[t][n].mean(), atol=0.02), (
                    t,
                    n,
                )


# %% alternative="last-round-only" exercise="same-models"
# Compares the models of the last round of many random runs.
def check_same(first, second):
    for seed in range(6):
        rng = np.random.default_rng(seed)
        lr, momentum = rng.uniform(0.2, 0.9), rng.uniform(0.2, 0.95)
        models = [{n: rng.normal(size=(3, 2)) for n in "abc"} for _ in range(15)]
        one = rollout(first, models[0], models[1:], lr=lr, momentum=momentum)
        two = rollout(second, models[0], models[1:], lr=lr, momentum=momentum)
        for name in "abc":
            error = np.max(np.abs(one[-1][name] - two[-1][name]))
            if error > 1e-7:
                raise AssertionError(f"{name} differs by {error}")


# %% alternative="testing" exercise="same-models"
# Uses NumPy's assert_allclose on stacked models.
def check_same(first, second):
    rng = np.random.default_rng()

    def draw():
        return {"x": rng.normal(size=5), "y": rng.normal(size=(2, 1, 2))}

    for settings in ({"lr": 0.7, "momentum": 0.6}, {"lr": 0.2, "momentum": 0.8}):
        start, slopes = draw(), [draw() for _ in range(12)]
        runs = [rollout(one, start, slopes, **settings) for one in (first, second)]
        for name in start:
            ours, theirs = ([model[name] for model in run] for run in runs)
            np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6)


# %% alternative="quadratic" exercise="same-models"
# Trains on two quadratics, so that the pseudo-gradient follows the model.
def check_same(first, second):
    target = {"p": np.array([1.0, -2.0, 0.5]), "q": np.array([[3.0, 0.1]])}
    rates = {"p": np.array([0.9, 0.3, 0.1]), "q": np.array([[0.5, 0.7]])}
    for lr, momentum in [(0.5, 0.9), (1.1, 0.3), (0.3, 0.0)]:
        results = []
        for optimiser in (first, second):
            w, state, path = {n: 0.5 - t for n, t in target.items()}, {}, []
            for _ in range(20):
                g = {n: rates[n] * (w[n] - target[n]) for n in w}
                w, state = optimiser(w, g, state, lr=lr, momentum=momentum)
                path.append(np.concatenate([w[n].ravel() for n in sorted(w)]))
            results.append(np.array(path))
        assert abs(results[0] - results[1]).max() < 1e-8, (lr, momentum)


# %% alternative="float32" exercise="same-models"
# Small numbers in float32, with a tolerance to match.
def check_same(first, second):
    rng = np.random.default_rng(8)
    for lr, momentum in ((0.4, 0.6), (0.9, 0.95), (1.5, 0.2)):
        shape = {"a": (4,), "b": (2, 2)}
        gradients = [
            {n: rng.normal(size=s).astype("float32") for n, s in shape.items()}
            for _ in range(10)
        ]
        a = b = {n: np.ones(s, "float32") for n, s in shape.items()}
        state_a, state_b = {}, {}
        for t, g in enumerate(gradients):
            a, state_a = first(a, g, state_a, lr=lr, momentum=momentum)
            b, state_b = second(b, g, state_b, lr=lr, momentum=momentum)
            for n in shape:
                assert np.abs(a[n] - b[n]).max() < 3e-4, f"round {t}, {n}"


# %% alternative="stacked" exercise="same-models"
# Compares the length of the difference of all arrays, laid end to end.
def check_same(first, second):
    rng = np.random.default_rng(7)
    for lr, momentum in ((0.6, 0.8), (1.4, 0.2)):
        shapes = {"a": (2, 3), "c": (5,)}
        start = {n: rng.normal(size=s) for n, s in shapes.items()}
        gs = [{n: rng.normal(size=s) for n, s in shapes.items()} for _ in range(10)]
        ours = rollout(first, start, gs, lr=lr, momentum=momentum)
        theirs = rollout(second, start, gs, lr=lr, momentum=momentum)
        for t in range(10):
            a = np.concatenate([ours[t][n].ravel() for n in shapes])
            b = np.concatenate([theirs[t][n].ravel() for n in shapes])
            assert np.linalg.norm(a - b) <= 1e-9 * (1 + np.linalg.norm(b))


# %% [markdown]
# ## Task 4


# %% mutant="a-from-zero" exercise="fedadam"
# You stated equation A and started v at 0: in the paper it starts at tau squared.
def equation():
    return "A"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.zeros_like(w)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="a-from-tau" exercise="fedadam"
# You stated equation A and started v at tau: it starts at tau squared.
def equation():
    return "A"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="a-corrected" exercise="fedadam"
# You stated equation A and corrected m and v as B does: the paper's FedAdam has no
# correction.
def equation():
    return "A"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        m_hat = m[name] / (1 - beta_1**t)
        v_hat = v[name] / (1 - beta_2**t)
        new_model[name] = w - lr * m_hat / (np.sqrt(v_hat) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="states-a-writes-b" exercise="fedadam"
# You stated A and implemented B.
def equation():
    return "A"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, 0)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        m_hat = m[name] / (1 - beta_1**t)
        v_hat = v[name] / (1 - beta_2**t)
        new_model[name] = w - lr * m_hat / (np.sqrt(v_hat) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="states-b-writes-a" exercise="fedadam"
# You stated B and implemented A.
def equation():
    return "B"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="states-b-writes-c" exercise="fedadam"
# You stated B and implemented C: Kingma and Ba's exponent is t, and tau is added
# after the correction.
def equation():
    return "B"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, 0)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        lr_t = lr * (1 - beta_2 ** (t + 1)) ** 0.5 / (1 - beta_1 ** (t + 1))
        new_model[name] = w - lr_t * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="states-c-writes-b" exercise="fedadam"
# You stated C and implemented B: Flower's exponent is t + 1.
def equation():
    return "C"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, 0)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        m_hat = m[name] / (1 - beta_1**t)
        v_hat = v[name] / (1 - beta_2**t)
        new_model[name] = w - lr * m_hat / (np.sqrt(v_hat) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="states-c-writes-a" exercise="fedadam"
# You stated C and implemented A: Flower corrects the learning rate.
def equation():
    return "C"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="b-one-too-many" exercise="fedadam"
# You stated B and used the exponent t + 1: in the first call t is 1.
def equation():
    return "B"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, 0)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        m_hat = m[name] / (1 - beta_1 ** (t + 1))
        v_hat = v[name] / (1 - beta_2 ** (t + 1))
        new_model[name] = w - lr * m_hat / (np.sqrt(v_hat) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="b-never-counts" exercise="fedadam"
# You did not keep t: every round is corrected as the first.
def equation():
    return "B"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, 0)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        m_hat = m[name] / (1 - beta_1**t)
        v_hat = v[name] / (1 - beta_2**t)
        new_model[name] = w - lr * m_hat / (np.sqrt(v_hat) + tau)
    return new_model, {**{name: (m[name], v[name]) for name in m}}


# %% mutant="b-starts-at-zero" exercise="fedadam"
# You counted from 0: the first correction divides by 1 - 1.
def equation():
    return "B"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", -1) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, 0)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        m_hat = m[name] / (1 - beta_1**t)
        v_hat = v[name] / (1 - beta_2**t)
        new_model[name] = w - lr * m_hat / (np.sqrt(v_hat) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="b-corrects-m-only" exercise="fedadam"
# You corrected m and forgot v.
def equation():
    return "B"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, 0)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        m_hat = m[name] / (1 - beta_1**t)
        v_hat = v[name]
        new_model[name] = w - lr * m_hat / (np.sqrt(v_hat) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="b-corrects-v-only" exercise="fedadam"
# You corrected v and forgot m.
def equation():
    return "B"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, 0)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        m_hat = m[name]
        v_hat = v[name] / (1 - beta_2**t)
        new_model[name] = w - lr * m_hat / (np.sqrt(v_hat) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="b-efficient-form" exercise="fedadam"
# You stated B and moved the correction into the learning rate. Then tau is corrected
# as well: in B it is added to the corrected root.
def equation():
    return "B"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, 0)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        lr_t = lr * (1 - beta_2**t) ** 0.5 / (1 - beta_1**t)
        new_model[name] = w - lr_t * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="b-keeps-the-corrected" exercise="fedadam"
# You kept the corrected m and v: the correction belongs to the step, the state holds
# m and v.
def equation():
    return "B"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, 0)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        m_hat = m[name] / (1 - beta_1**t)
        v_hat = v[name] / (1 - beta_2**t)
        m[name], v[name] = m_hat, v_hat
        new_model[name] = w - lr * m_hat / (np.sqrt(v_hat) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="b-multiplies" exercise="fedadam"
# You multiplied by 1 - beta ** t: the correction divides, because m and v are too
# small at first.
def equation():
    return "B"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, 0)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        m_hat = m[name] * (1 - beta_1**t)
        v_hat = v[name] * (1 - beta_2**t)
        new_model[name] = w - lr * m_hat / (np.sqrt(v_hat) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="c-exponent-t" exercise="fedadam"
# You stated C and used the exponent t: Flower takes server_round + 1, which is t + 1.
def equation():
    return "C"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, 0)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        lr_t = lr * (1 - beta_2**t) ** 0.5 / (1 - beta_1**t)
        new_model[name] = w - lr_t * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="c-no-root" exercise="fedadam"
# You forgot the square root of the correction of v.
def equation():
    return "C"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, 0)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        lr_t = lr * (1 - beta_2 ** (t + 1)) / (1 - beta_1 ** (t + 1))
        new_model[name] = w - lr_t * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="c-upside-down" exercise="fedadam"
# You divided by the correction of v and multiplied by that of m: it is the other way
# round.
def equation():
    return "C"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, 0)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        lr_t = lr * (1 - beta_1 ** (t + 1)) / (1 - beta_2 ** (t + 1)) ** 0.5
        new_model[name] = w - lr_t * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="c-count-per-array" exercise="fedadam"
# You counted once per array, not once per call.
def equation():
    return "C"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        t += 1
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, 0)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        lr_t = lr * (1 - beta_2 ** (t + 1)) ** 0.5 / (1 - beta_1 ** (t + 1))
        new_model[name] = w - lr_t * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="tau-under-the-root" exercise="fedadam"
# You put tau under the root: it is added to the root.
def equation():
    return "A"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        new_model[name] = w - lr * m[name] / np.sqrt(v[name] + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="tau-missing" exercise="fedadam"
# You left tau out: where v is 0, that divides 0 by 0.
def equation():
    return "B"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, 0)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        m_hat = m[name] / (1 - beta_1**t)
        v_hat = v[name] / (1 - beta_2**t)
        new_model[name] = w - lr * m_hat / (np.sqrt(v_hat))
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="no-root" exercise="fedadam"
# You divided by v: it is the root of v that has the size of g.
def equation():
    return "A"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        new_model[name] = w - lr * m[name] / (v[name] + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="adds-the-step" exercise="fedadam"
# You added the step. That is how the paper writes it, with new minus old: our
# pseudo-gradient is old minus new.
def equation():
    return "B"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, 0)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        m_hat = m[name] / (1 - beta_1**t)
        v_hat = v[name] / (1 - beta_2**t)
        new_model[name] = w + lr * m_hat / (np.sqrt(v_hat) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="betas-swapped" exercise="fedadam"
# You swapped beta_1 and beta_2.
def equation():
    return "A"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_2 * old_m + (1 - beta_2) * g
        v[name] = beta_1 * old_v + (1 - beta_1) * g**2
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="g-not-squared" exercise="fedadam"
# You averaged g in v: it is g squared.
def equation():
    return "A"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * abs(g)
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="v-of-m" exercise="fedadam"
# You squared m: v averages the squares of g.
def equation():
    return "A"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * m[name] ** 2
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="sum-of-squares" exercise="fedadam"
# You summed the squares up: that is Adagrad. Adam's v is a decaying average.
def equation():
    return "A"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v + g**2
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="m-is-a-velocity" exercise="fedadam"
# You summed m up as a velocity: in Adam the new g counts 1 - beta_1.
def equation():
    return "A"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="old-v" exercise="fedadam"
# You divided by the root of the old v: it uses the new one.
def equation():
    return "A"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        new_model[name] = w - lr * m[name] / (np.sqrt(old_v) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="one-v-per-array" exercise="fedadam"
# You averaged v over the whole array: it is one number per number of the model.
def equation():
    return "A"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * (np.mean(g**2) if g.size else g)
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="numpy-floats" exercise="fedadam"
# np.sqrt of a Python float is an np.float64, which turns float32 arrays into float64.
def equation():
    return "C"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, 0)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        lr_t = lr * np.sqrt(1 - beta_2 ** (t + 1)) / (1 - beta_1 ** (t + 1))
        new_model[name] = w - lr_t * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="no-memory" exercise="fedadam"
# You did not put m and v into the state.
def equation():
    return "A"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t}


# %% mutant="state-in-place" exercise="fedadam"
# You changed the state that was passed in: a repeated round then starts from another
# m and v.
def equation():
    return "B"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, 0)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        m_hat = m[name] / (1 - beta_1**t)
        v_hat = v[name] / (1 - beta_2**t)
        new_model[name] = w - lr * m_hat / (np.sqrt(v_hat) + tau)
    state.update({"t": t, **{name: (m[name], v[name]) for name in m}})
    return new_model, state


# %% mutant="m-in-place" exercise="fedadam"
# You changed the arrays of m in place, which belong to the state that was passed in.
def equation():
    return "A"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = old_m
        m[name] *= beta_1
        m[name] += (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="squares-in-place" exercise="fedadam"
# You squared the pseudo-gradient in place: what is passed in must not change.
def equation():
    return "A"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        g *= g
        v[name] = beta_2 * old_v + (1 - beta_2) * g
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="unstated" exercise="fedadam"
# equation must return "A", "B" or "C", so that your code can be checked against it.
def equation():
    return "Reddi et al."


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="changes-its-mind" exercise="fedadam"
# You left it to chance which equation you state: state the one that you implemented.
ANSWERS = iter("ABC" * 1000)  # another one whenever it is asked


def equation():
    return next(ANSWERS)


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="global-count" exercise="fedadam"
# You counted calls in a global variable: it is not reset by a new run, and no
# checkpoint has it.
COUNT = [0]


def equation():
    return "B"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    COUNT[0] += 1
    t = COUNT[0]
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, 0)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        m_hat = m[name] / (1 - beta_1**t)
        v_hat = v[name] / (1 - beta_2**t)
        new_model[name] = w - lr * m_hat / (np.sqrt(v_hat) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="scales-the-model" exercise="fedadam"
# You multiplied the new model by lr, not the step.
def equation():
    return "A"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        new_model[name] = lr * (w - m[name] / (np.sqrt(v[name]) + tau))
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="b-tau-outside-hat" exercise="fedadam"
# You stated B and corrected tau with the root: tau is added to the root of the
# corrected v.
def equation():
    return "B"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for n, w in model.items():
        g = pseudo_gradient[n]
        m[n] = beta_1 * state["m"][n] + (1 - beta_1) * g if state else (1 - beta_1) * g
        before = state["v"][n] if state else np.zeros_like(w)
        v[n] = beta_2 * before + (1 - beta_2) * g * g
        new[n] = w - lr * (m[n] / (1 - beta_1**t)) / (
            (np.sqrt(v[n]) + tau) / np.sqrt(1 - beta_2**t)
        )
    return new, {"m": m, "v": v, "t": t}


# %% mutant="a-amsgrad" exercise="fedadam"
# You never let v fall. That is AMSGrad, none of the three.
def equation():
    return "A"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for n, w in model.items():
        g = pseudo_gradient[n]
        m[n] = beta_1 * state["m"][n] + (1 - beta_1) * g if state else (1 - beta_1) * g
        before = state["v"][n] if state else np.full_like(w, tau**2)
        v[n] = np.maximum(before, beta_2 * before + (1 - beta_2) * g * g)
        new[n] = w - lr * m[n] / (np.sqrt(v[n]) + tau)
    return new, {"m": m, "v": v, "t": t}


# %% alternative="reddi" exercise="fedadam"
# Equation A.
def equation():
    return "A"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% alternative="flower" exercise="fedadam"
# Equation C.
def equation():
    return "C"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    t = state.get("t", 0) + 1
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, 0)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        lr_t = lr * (1 - beta_2 ** (t + 1)) ** 0.5 / (1 - beta_1 ** (t + 1))
        new_model[name] = w - lr_t * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% alternative="reddi-in-float64" exercise="fedadam"
# Equation A, in float64 throughout, with nested dictionaries.
def equation():
    return "A"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, new_state = {}, {"m": {}, "v": {}}
    for name in model:
        g = np.asarray(pseudo_gradient[name], dtype=np.float64)
        m = state["m"][name] if state else np.zeros(g.shape)
        v = state["v"][name] if state else np.ones(g.shape) * tau**2
        m = m + (1 - beta_1) * (g - m)
        v = v + (1 - beta_2) * (g * g - v)
        new_state["m"][name], new_state["v"][name] = m, v
        step = np.divide(lr * m, np.sqrt(v) + tau)
        new_model[name] = np.subtract(model[name], step).astype(model[name].dtype)
    return new_model, new_state


# %% alternative="kingma-corrected-average" exercise="fedadam"
# Equation B, which keeps the corrected averages and recomputes the plain ones.
def equation():
    return "B"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    t = state.get("rounds", 0)
    was_1, was_2 = 1 - beta_1**t, 1 - beta_2**t
    now_1, now_2 = 1 - beta_1 ** (t + 1), 1 - beta_2 ** (t + 1)
    new_model, kept = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        m_hat, v_hat = state.get("kept", {}).get(name, (0 * g, 0 * g))
        m_hat = (beta_1 * was_1 * m_hat + (1 - beta_1) * g) / now_1
        v_hat = (beta_2 * was_2 * v_hat + (1 - beta_2) * np.square(g)) / now_2
        kept[name] = (m_hat, v_hat)
        new_model[name] = w - lr * m_hat / (v_hat**0.5 + tau)
    return new_model, {"rounds": t + 1, "kept": kept}


# %% alternative="flower-whole-lists" exercise="fedadam"
# Equation C over lists, in the order of sorted names.
def equation():
    return "C"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    names = sorted(model)
    g = [pseudo_gradient[name] for name in names]
    zeros = [np.zeros_like(x) for x in g]
    m, v = state.get("mv", (zeros, zeros))
    m = [beta_1 * a + (1 - beta_1) * b for a, b in zip(m, g, strict=True)]
    v = [beta_2 * a + (1 - beta_2) * b * b for a, b in zip(v, g, strict=True)]
    rounds = state.get("rounds", 1) + 1
    rate = float(lr * np.sqrt(1 - beta_2**rounds) / (1 - beta_1**rounds))
    new = {
        name: model[name] - rate * a / (np.sqrt(b) + tau)
        for name, a, b in zip(names, m, v, strict=True)
    }
    return new, {"mv": (m, v), "rounds": rounds}


# %% alternative="torch" exercise="fedadam"
# Equation B, by torch's own Adam, whose state goes into ours.
import torch


def equation():
    return "B"


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    t = state.get("t", 0) + 1
    new_model, new_state = {}, {"t": t}
    for name, w in model.items():
        g = torch.tensor(np.float64(pseudo_gradient[name]))
        m, v = state.get(name, (np.zeros(w.shape), np.zeros(w.shape)))
        m = torch.as_tensor(m).lerp(g, 1 - beta_1)
        v = torch.as_tensor(v) * beta_2 + g * g * (1 - beta_2)
        root = (v / (1 - beta_2**t)).sqrt() + tau
        moved = torch.tensor(np.float64(w)) - lr / (1 - beta_1**t) * m / root
        new_model[name] = moved.numpy().astype(w.dtype)
        new_state[name] = (m.numpy(), v.numpy())
    return new_model, new_state


# %% alternative="a-by-name" exercise="fedadam"
# Equation A, with whole models and averages written as steps.
VERSION = "A"


def equation():
    return VERSION


def fedadam(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    m0, v0 = state.get("mv") or (
        by_name(np.zeros_like, model),
        by_name(lambda w: np.full_like(w, tau * tau), model),
    )
    m = by_name(lambda a, g: a + (1 - beta_1) * (g - a), m0, pseudo_gradient)
    v = by_name(lambda a, g: a + (1 - beta_2) * (g * g - a), v0, pseudo_gradient)
    return by_name(lambda w, a, b: w - lr * a / (b**0.5 + tau), model, m, v), {
        "mv": (m, v)
    }


# %% [markdown]
# ## Task 5


# %% mutant="sign-flipped" exercise="fedyogi"
# You flipped the sign: v grows where it is smaller than g squared.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - (1 - beta_2) * g**2 * np.sign(g**2 - old_v)
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="no-sign" exercise="fedyogi"
# You left the sign out: v would only ever fall, below 0 in the end.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - (1 - beta_2) * g**2
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="adds" exercise="fedyogi"
# You added the change and kept the sign of v - g squared: then v runs away from g
# squared.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v + (1 - beta_2) * g**2 * np.sign(old_v - g**2)
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="adam-instead" exercise="fedyogi"
# You wrote Adam's v: Yogi changes v by at most (1 - beta_2) times g squared.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v + (1 - beta_2) * g**2
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="difference-instead-of-sign" exercise="fedyogi"
# You multiplied by v - g squared, not by its sign.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - (1 - beta_2) * g**2 * (old_v - g**2)
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="decays-too" exercise="fedyogi"
# You decayed v by beta_2 as well: Yogi adds or subtracts, nothing else.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = beta_2 * old_v - (1 - beta_2) * g**2 * np.sign(old_v - g**2)
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="compares-with-g" exercise="fedyogi"
# You compared v with g: compare it with g squared.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - (1 - beta_2) * g**2 * np.sign(old_v - g)
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="compares-roots-with-squares" exercise="fedyogi"
# You compared the root of v with g squared: both sides are squares.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - (1 - beta_2) * g**2 * np.sign(np.sqrt(old_v) - g**2)
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="g-not-squared" exercise="fedyogi"
# You changed v by g: it changes by g squared.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - (1 - beta_2) * np.abs(g) * np.sign(old_v - g**2)
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="beta-2-not-one-minus" exercise="fedyogi"
# You multiplied by beta_2: it is 1 - beta_2.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - beta_2 * g**2 * np.sign(old_v - g**2)
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="full-change" exercise="fedyogi"
# You changed v by all of g squared: 1 - beta_2 of it.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - g**2 * np.sign(old_v - g**2)
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="v-from-zero" exercise="fedyogi"
# You started v at 0: it starts at tau squared.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.zeros_like(w)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - (1 - beta_2) * g**2 * np.sign(old_v - g**2)
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="v-from-tau" exercise="fedyogi"
# You started v at tau: it starts at tau squared.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - (1 - beta_2) * g**2 * np.sign(old_v - g**2)
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="corrected" exercise="fedyogi"
# You corrected m and v as Adam does: FedYogi does not.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - (1 - beta_2) * g**2 * np.sign(old_v - g**2)
        t = state.get("t", 0) + 1
        m_hat, v_hat = m[name] / (1 - beta_1**t), v[name] / (1 - beta_2**t)
        new_model[name] = w - lr * m_hat / (np.sqrt(v_hat) + tau)
    return new_model, {"t": t, **{name: (m[name], v[name]) for name in m}}


# %% mutant="tau-under-the-root" exercise="fedyogi"
# You put tau under the root: it is added to the root.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - (1 - beta_2) * g**2 * np.sign(old_v - g**2)
        new_model[name] = w - lr * m[name] / np.sqrt(v[name] + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="adds-the-step" exercise="fedyogi"
# You added the step. That is how the paper writes it, with new minus old: our
# pseudo-gradient is old minus new.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - (1 - beta_2) * g**2 * np.sign(old_v - g**2)
        new_model[name] = w + lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="g-instead-of-m" exercise="fedyogi"
# You stepped along g: the step goes along m.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - (1 - beta_2) * g**2 * np.sign(old_v - g**2)
        new_model[name] = w - lr * g / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="m-is-a-velocity" exercise="fedyogi"
# You summed m up as a velocity: the new g counts 1 - beta_1.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + g
        v[name] = old_v - (1 - beta_2) * g**2 * np.sign(old_v - g**2)
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="old-v" exercise="fedyogi"
# You divided by the root of the old v: it uses the new one.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - (1 - beta_2) * g**2 * np.sign(old_v - g**2)
        new_model[name] = w - lr * m[name] / (np.sqrt(old_v) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="no-root" exercise="fedyogi"
# You divided by v, not by its root.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - (1 - beta_2) * g**2 * np.sign(old_v - g**2)
        new_model[name] = w - lr * m[name] / (v[name] + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="m-squared" exercise="fedyogi"
# You compared v with m squared: Yogi looks at g.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - (1 - beta_2) * m[name] ** 2 * np.sign(old_v - m[name] ** 2)
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="one-sign-per-array" exercise="fedyogi"
# You took one sign for the whole array, that of the mean: it is one per number.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - (1 - beta_2) * g**2 * np.sign(np.sum(old_v - g**2))
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="no-memory" exercise="fedyogi"
# You did not keep m and v.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - (1 - beta_2) * g**2 * np.sign(old_v - g**2)
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {}


# %% mutant="v-in-place" exercise="fedyogi"
# You changed the arrays of v in place, which belong to the state that was passed in.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        old_v -= (1 - beta_2) * g**2 * np.sign(old_v - g**2)
        v[name] = old_v
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="betas-swapped" exercise="fedyogi"
# You swapped beta_1 and beta_2.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    beta_1, beta_2 = beta_2, beta_1
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - (1 - beta_2) * g**2 * np.sign(old_v - g**2)
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="by-position" exercise="fedyogi"
# You paired model and pseudo-gradient by their position: their names may come in
# different orders.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    pairs = zip(model.items(), pseudo_gradient.values(), strict=True)
    for (name, w), g in pairs:
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - (1 - beta_2) * g**2 * np.sign(old_v - g**2)
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="float64-from-tau" exercise="fedyogi"
# np.full gives float64, and what is computed with it is float64 too: keep the dtype
# of each array.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, m, v = {}, {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        old_m, old_v = state.get(name, (np.zeros_like(w), np.full(w.shape, tau**2)))
        m[name] = beta_1 * old_m + (1 - beta_1) * g
        v[name] = old_v - (1 - beta_2) * g**2 * np.sign(old_v - g**2)
        new_model[name] = w - lr * m[name] / (np.sqrt(v[name]) + tau)
    return new_model, {name: (m[name], v[name]) for name in m}


# %% mutant="never-below-tau" exercise="fedyogi"
# You do not let v fall below its first value. Yogi's v may.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new, m, v = {}, {}, {}
    for n, w in model.items():
        g = pseudo_gradient[n]
        a, b = state.get(n, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[n] = beta_1 * a + (1 - beta_1) * g
        v[n] = np.maximum(b - (1 - beta_2) * g**2 * np.sign(b - g**2), tau**2)
        new[n] = w - lr * m[n] / (np.sqrt(v[n]) + tau)
    return new, {n: (m[n], v[n]) for n in model}


# %% mutant="sign-of-m" exercise="fedyogi"
# You compared v with m squared. It is g squared that decides.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new, m, v = {}, {}, {}
    for n, w in model.items():
        g = pseudo_gradient[n]
        a, b = state.get(n, (np.zeros_like(w), np.full_like(w, tau**2)))
        m[n] = beta_1 * a + (1 - beta_1) * g
        v[n] = b - (1 - beta_2) * g**2 * np.sign(b - m[n] ** 2)
        new[n] = w - lr * m[n] / (np.sqrt(v[n]) + tau)
    return new, {n: (m[n], v[n]) for n in model}


# %% mutant="state-by-shape" exercise="fedyogi"
# You keep the state under the array's shape, where two arrays of one shape share it.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new, m, v = {}, {}, {}
    for n, w in model.items():
        g = pseudo_gradient[n]
        a, b = state.get(str(w.shape), (np.zeros_like(w), np.full_like(w, tau**2)))
        m[n] = beta_1 * a + (1 - beta_1) * g
        v[n] = b - (1 - beta_2) * g**2 * np.sign(b - g**2)
        new[n] = w - lr * m[n] / (np.sqrt(v[n]) + tau)
    return new, {str(model[n].shape): (m[n], v[n]) for n in model}


# %% alternative="where" exercise="fedyogi"
# Chooses between up and down instead of taking a sign.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    result, keep = {}, {"m": {}, "v": {}}
    for name in model:
        g = pseudo_gradient[name].astype(float)
        m = beta_1 * state["m"][name] if state else 0
        m = m + (1 - beta_1) * g
        v = state["v"][name] if state else tau**2
        v = np.where(v < g**2, v + (1 - beta_2) * g**2, v - (1 - beta_2) * g**2)
        keep["m"][name], keep["v"][name] = m, v
        step = lr * m / (np.sqrt(v) + tau)
        result[name] = np.asarray(model[name] - step, dtype=model[name].dtype)
    return result, keep


# %% alternative="change-in-two-steps" exercise="fedyogi"
# Names the change of v before it is applied.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    m = state.get("m") or {n: np.zeros_like(w) for n, w in model.items()}
    v = state.get("v") or {n: np.full_like(w, tau * tau) for n, w in model.items()}
    squares = {n: np.square(g) for n, g in pseudo_gradient.items()}
    change = {n: (1 - beta_2) * s * np.sign(s - v[n]) for n, s in squares.items()}
    m = {n: beta_1 * m[n] + (1 - beta_1) * pseudo_gradient[n] for n in model}
    v = {n: v[n] + change[n] for n in model}
    new = {n: model[n] - lr * m[n] / (tau + np.sqrt(v[n])) for n in model}
    return new, {"m": m, "v": v}


# %% alternative="number-by-number" exercise="fedyogi"
# Loops over the numbers of each array, in plain Python.
import math


def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new_model, new_state = {}, {}
    for name, w in model.items():
        numbers = []
        old = state.get(name, [(0.0, tau**2)] * w.size)
        kept = []
        for x, g, (m, v) in zip(
            w.ravel().tolist(), pseudo_gradient[name].ravel().tolist(), old, strict=True
        ):
            m = beta_1 * m + (1 - beta_1) * g
            if v > g * g:
                v -= (1 - beta_2) * g * g
            elif v < g * g:
                v += (1 - beta_2) * g * g
            kept.append((m, v))
            numbers.append(x - lr * m / (math.sqrt(v) + tau))
        new_model[name] = np.array(numbers, dtype=w.dtype).reshape(w.shape)
        new_state[name] = kept
    return new_model, new_state


# %% alternative="float64-state" exercise="fedyogi"
# Keeps its state in float64, and casts the model back.
def fedyogi(model, pseudo_gradient, state, *, lr, beta_1, beta_2, tau):
    new, m, v = {}, {}, {}
    for n, w in model.items():
        g = np.asarray(pseudo_gradient[n], dtype=float)
        a, b = state.get(n, (np.zeros(w.shape), np.full(w.shape, tau**2)))
        m[n] = beta_1 * a + (1 - beta_1) * g
        v[n] = b - (1 - beta_2) * g**2 * np.sign(b - g**2)
        new[n] = (w - lr * m[n] / (np.sqrt(v[n]) + tau)).astype(w.dtype)
    return new, {n: (m[n], v[n]) for n in model}


# %% [markdown]
# ## Task 6


# %% mutant="lr-is-one" exercise="review"
# You tested with lr = 1, as the author did: that is where the bug cannot show.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (1.0,):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="starts-at-zero" exercise="review"
# You started from a model of zeros: scaled zeros are zeros. Start from something
# else.
def review(optimiser):
    model, zero = {"w": np.zeros(2)}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="wants-a-move" exercise="review"
# Your test wants the model to move when the pseudo-gradient is 0: it must stay.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert not np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="only-looks-for-a-move" exercise="review"
# You asked only whether the model changes: with the bug it does.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.ones(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert not np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="never-fails" exercise="review"
# Your test compares the answer with itself.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], new_model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="always-fails" exercise="review"
# Your test fails for the right code as well: with a pseudo-gradient of 1 the model
# moves.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.ones(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="prints" exercise="review"
# You printed the verdict: a test that fails raises AssertionError.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        if not np.allclose(new_model["w"], model["w"]):
            print("wrong")


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="returns-a-verdict" exercise="review"
# You returned True or False: a test that fails raises AssertionError.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        if not np.allclose(new_model["w"], model["w"]):
            return False
    return True


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="raises-value-error" exercise="review"
# You raised ValueError: a test that fails raises AssertionError.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        if not np.allclose(new_model["w"], model["w"]):
            raise ValueError("moved")


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="only-this-function" exercise="review"
# You recognised the function by its name: the same bug under another name passes.
def review(optimiser):
    assert optimiser.__name__ != "adagrad_under_review"
    return
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="looks-into-the-state" exercise="review"
# You compared the state with the sum of squares by name: what a right optimiser keeps
# is its own business.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, state = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(state["w"], 0)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="exact" exercise="review"
# You compared with == against one way of computing it: a right optimiser may round
# differently.
def review(optimiser):
    rng = np.random.default_rng(1)
    model, state = {"w": rng.normal(size=50)}, {}
    expected, s = model["w"], 0
    for _ in range(5):
        g = rng.normal(size=50)
        model, state = optimiser(model, {"w": g}, state, lr=0.3, tau=0.1)
        s = s + g**2
        expected = expected - 0.3 * g / (np.sqrt(s) + 0.1)
        assert np.array_equal(model["w"], expected)


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="settings-by-position" exercise="review"
# You passed lr and tau by position: they are keyword arguments.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr, 0.1)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="forgets-the-state-argument" exercise="review"
# You forgot the state: the TypeError is a defect of your test, not of the code.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="compares-with-itself" exercise="review"
# You compared with the code under review: it agrees with itself.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(
            new_model["w"],
            adagrad_under_review(model, zero, {}, lr=lr, tau=0.1)[0]["w"],
        )


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="too-tolerant" exercise="review"
# You allowed a difference of 100.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], model["w"], atol=100)


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="accepts-tiny-lr" exercise="review"
# You tried an lr so near to 1 that the bug disappears in the tolerance.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (1.000001,):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="fix-still-scales" exercise="review"
# Your fix divides by lr and multiplies again: the model is still scaled.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = lr * (w - g / (np.sqrt(squares[name]) + tau))
    return new_model, squares


# %% mutant="fix-lr-missing" exercise="review"
# Your fix ignores lr: a zero pseudo-gradient keeps the model, but the step has the
# wrong length.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="fix-lr-divides" exercise="review"
# Your fix divides the step by lr.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - g / (np.sqrt(squares[name]) + tau) / lr
    return new_model, squares


# %% mutant="fix-adds" exercise="review"
# Your fix adds the step: the pseudo-gradient is old minus new.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w + lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="fix-forgets" exercise="review"
# Your fix does not keep the sum of squares.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, {}


# %% mutant="fix-tau-under-the-root" exercise="review"
# Your fix has tau under the root: it was right before.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - lr * g / np.sqrt(squares[name] + tau)
    return new_model, squares


# %% mutant="fix-sum-in-place" exercise="review"
# Your fix changes the arrays of the state in place.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, np.zeros_like(w))
        squares[name] += g**2
        new_model[name] = w - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="fix-state-in-place" exercise="review"
# Your fix changes the state that is passed in: build a new dictionary.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = state, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="fix-scales-before-the-square" exercise="review"
# Your fix multiplies the pseudo-gradient by lr first: then lr is in s as well, and
# cancels.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = lr * pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="fix-lr-in-the-sum" exercise="review"
# Your fix multiplies the squares by lr.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + lr * g**2
        new_model[name] = w - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="fix-old-sum" exercise="review"
# Your fix divides by the old sum of squares.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - lr * g / (np.sqrt(state.get(name, 0 * g)) + tau)
    return new_model, squares


# %% mutant="fix-float64" exercise="review"
# Your fix returns float64 arrays: keep the dtype of each array.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = np.float64(w) - lr * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="no-fix" exercise="review"
# You returned the code under review as it was.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 0.5):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = lr * (w - g / (np.sqrt(squares[name]) + tau))
    return new_model, squares


# %% mutant="fix-for-small-lr" exercise="review"
# Your fix caps lr at 1: it has no such bound.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    for lr in (0.1, 2.0):
        new_model, _ = optimiser(model, zero, {}, lr=lr, tau=0.1)
        assert np.allclose(new_model["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares, new_model = {}, {}
    for name, w in model.items():
        g = pseudo_gradient[name]
        squares[name] = state.get(name, 0) + g**2
        new_model[name] = w - min(lr, 1) * g / (np.sqrt(squares[name]) + tau)
    return new_model, squares


# %% mutant="checks-sign-only" exercise="review"
# Your test looks at the signs only: a model that shrinks keeps them.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    new, _ = optimiser(model, zero, {}, lr=0.3, tau=0.1)
    assert np.array_equal(np.sign(new["w"]), np.sign(model["w"]))


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    s, new = {}, {}
    for n, w in model.items():
        g = pseudo_gradient[n]
        s[n] = state.get(n, 0) + g**2
        new[n] = w - lr * g / (np.sqrt(s[n]) + tau)
    return new, s


# %% mutant="fix-starts-at-tau2" exercise="review"
# Your fix starts the sum at tau squared, as FedAdam's v does. FedAdagrad's starts at 0.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    new, _ = optimiser(model, zero, {}, lr=0.3, tau=0.1)
    assert np.allclose(new["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    s, new = {}, {}
    for n, w in model.items():
        g = pseudo_gradient[n]
        s[n] = state.get(n, tau**2) + g**2
        new[n] = w - lr * g / (np.sqrt(s[n]) + tau)
    return new, s


# %% mutant="fix-with-an-axis-more" exercise="review"
# Your fix returns the last of a stack of models with the stack's axis: the new model
# has the shapes of the old one.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    new, _ = optimiser(model, zero, {}, lr=0.3, tau=0.1)
    assert np.allclose(new["w"], model["w"])


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    s, new = {}, {}
    for n, w in model.items():
        g = pseudo_gradient[n]
        s[n] = state.get(n, 0) + g**2
        new[n] = np.stack([w, w - lr * g / (np.sqrt(s[n]) + tau)])[1:]
    return new, s


# %% alternative="compares-with-flower" exercise="review"
# Tests against Flower's own FedAdagrad; the fix moves one bracket.
def review(optimiser):
    rng = np.random.default_rng(2)
    start, *slopes = ({"w": rng.normal(size=3), "b": rng.normal(size=2)} for _ in "123")
    theirs = flower_rollout(flower.FedAdagrad, start, slopes, eta=0.25, tau=0.3)
    ours = rollout(optimiser, start, slopes, lr=0.25, tau=0.3)
    for one, other in zip(ours, theirs, strict=True):
        for name in start:
            np.testing.assert_allclose(one[name], other[name], rtol=1e-6)


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    s = {n: state.get(n, 0) + g**2 for n, g in pseudo_gradient.items()}
    steps = {n: lr * g / (np.sqrt(s[n]) + tau) for n, g in pseudo_gradient.items()}
    return minus(model, steps), s


# %% alternative="by-hand" exercise="review"
# One number worked out by hand; the fix keeps its sums in float64.
def review(optimiser):
    (new, state) = optimiser(
        {"w": np.array([10.0])}, {"w": np.array([2.0])}, {}, lr=0.5, tau=2.0
    )
    if abs(float(new["w"][0]) - 9.75) > 1e-9:
        raise AssertionError(f"expected 10 - 0.5 * 2 / (2 + 2) = 9.75, got {new['w']}")


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    sums = {n: np.array(s) for n, s in state.get("sums", {}).items()}
    new_model = {}
    for n in model:
        g = np.array(pseudo_gradient[n], dtype=np.float64)
        sums[n] = sums.get(n, np.zeros(g.shape)) + g * g
        step = lr * (g / (sums[n] ** 0.5 + tau))
        new_model[n] = np.asarray(model[n] - step, dtype=model[n].dtype)
    return new_model, {"sums": sums}


# %% alternative="bounded-step" exercise="review"
# Tests that no number moves by more than lr, which holds for every FedAdagrad.
def review(optimiser):
    rng = np.random.default_rng(5)
    for lr in (0.01, 0.5, 3.0):
        model, state = {"w": 100 * rng.normal(size=(4, 4))}, {}
        for _ in range(4):
            g = {"w": rng.normal(size=(4, 4))}
            new, state = optimiser(model, g, state, lr=lr, tau=1e-3)
            assert np.all(np.abs(new["w"] - model["w"]) <= lr + 1e-9), lr
            model = new


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    squares = {n: state.get(n, 0.0) + np.square(g) for n, g in pseudo_gradient.items()}
    roots = {n: np.sqrt(s) + tau for n, s in squares.items()}
    return {n: model[n] - lr * pseudo_gradient[n] / roots[n] for n in model}, squares


# %% alternative="shifted-start" exercise="review"
# Tests that a shift of the model shifts the result: a step does not see where it
# starts.
def review(optimiser):
    slope = {"w": np.array([0.3, -0.2])}
    here, _ = optimiser({"w": np.zeros(2)}, slope, {}, lr=0.4, tau=0.01)
    there, _ = optimiser({"w": np.full(2, 7.0)}, slope, {}, lr=0.4, tau=0.01)
    moved = there["w"] - here["w"]
    assert np.allclose(moved, 7), f"shifting w by 7 shifted the result by {moved}"


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    scaled_step, new_state = adagrad_under_review(
        {n: 0 * w for n, w in model.items()}, pseudo_gradient, state, lr=lr, tau=tau
    )
    return {n: w + scaled_step[n] for n, w in model.items()}, new_state


# %% alternative="linearity-in-lr" exercise="review"
# Tests that twice the learning rate goes twice as far.
def review(optimiser):
    model, zero = {"w": np.array([4.0, -2.0])}, {"w": np.zeros(2)}
    g = {"w": np.array([1.0, -0.5])}
    one, _ = optimiser(model, g, {}, lr=0.1, tau=0.2)
    two, _ = optimiser(model, g, {}, lr=0.2, tau=0.2)
    a, b = one["w"] - model["w"], two["w"] - model["w"]
    assert np.allclose(2 * a, b, rtol=1e-6)


def fedadagrad(model, pseudo_gradient, state, *, lr, tau):
    s, new = {}, {}
    for n, w in model.items():
        g = pseudo_gradient[n]
        s[n] = state.get(n, 0) + g**2
        new[n] = w - lr * g / (np.sqrt(s[n]) + tau)
    return new, s
