# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Answers to lab 4, wrong ones and right ones
#
# Each cell is a whole answer to one exercise. A *mutant* is a misconception, and its
# comment is what a student who has it should read. An *alternative* is right and looks
# different, so it must earn every mark.


# %% [markdown]
# ## Task 1


# %% mutant="sum-of-all" exercise="clock"
# You added up the clients' seconds: they work at the same time, so a round takes as
# long as the slowest one that is waited for.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.sum())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="fastest" exercise="clock"
# You ended the round with the first reply: it ends when all have replied, or at the
# timeout.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.min())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="mean-of-all" exercise="clock"
# You took the mean of the clients' seconds: a round takes as long as the slowest one
# that is waited for.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.mean())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="no-timeout" exercise="clock"
# You waited for the slowest however long that takes: after timeout_s the round ends.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += column.max()
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="always-timeout" exercise="clock"
# You let every round last until the timeout: if all have replied, it ends sooner.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += timeout_s
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="longer-of-the-two" exercise="clock"
# You took the longer one of the timeout and the slowest client: a round ends with
# whichever comes first.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += max(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="durations" exercise="clock"
# You returned how long each round takes: asked for is when it ends.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now = min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="late-at-the-timeout" exercise="clock"
# You left out a client that replies exactly at the timeout: that is in time.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s < timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="everybody-used" exercise="clock"
# You counted everybody as used: whoever is late is left out.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s > 0]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="only-finite" exercise="clock"
# You left out the crashed clients only: those that are late are left out as well.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s < math.inf]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="timeout-once" exercise="clock"
# You counted the timeout from the beginning of the run: each round has its own.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now = min(timeout_s, now + column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="crashed-not-waited-for" exercise="clock"
# You knew who had crashed: the server does not, it waits for them until the timeout.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column[column < math.inf].max(initial=0.0))
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="only-used-count" exercise="clock"
# You ended the round with the last client that was in time: the server cannot know that
# nobody else will come, and waits until the timeout.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += column[column <= timeout_s].max(initial=0.0)
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="rows-are-rounds" exercise="clock"
# You took a row for a round: row k is a client, column i a job.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="used-descending" exercise="clock"
# You returned the clients from the last to the first: they are asked for in ascending
# order.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used[::-1]))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="until-excluded" exercise="clock"
# You left out what arrives exactly at until_s: it is included.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] < until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="ties-by-schedule" exercise="clock"
# You took jobs that arrive at the same time in the order in which they began: asked for
# is the order of the clients.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, _, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(
                coming, (now + seconds[k, i + 1], len(arrived) + num_clients, k, i + 1)
            )
    return arrived


# %% mutant="ties-last-first" exercise="clock"
# You took the client with the larger number first when times are equal.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], -k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        k = -k
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], -k, i + 1))
    return arrived


# %% mutant="duration-for-time" exercise="clock"
# You put the next job's seconds into the heap: it needs the moment when the job will be
# done.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="same-seconds-again" exercise="clock"
# You took the seconds of the first job for all jobs.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, 0], k, i + 1))
    return arrived


# %% mutant="own-seconds-again" exercise="clock"
# You took the seconds of the job that has just ended for the next one.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i], k, i + 1))
    return arrived


# %% mutant="starts-over" exercise="clock"
# You let a client that has done its jobs begin again: it stops.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        j = (i + 1) % num_jobs
        heapq.heappush(coming, (now + seconds[k, j], k, j))
    return arrived


# %% mutant="last-job-missing" exercise="clock"
# You stopped a client one job too early.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 2 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="beyond-the-last-job" exercise="clock"
# You asked for the job after the last one.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="jobs-from-one" exercise="clock"
# You counted jobs from 1: the first one is number 0.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i + 1))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="order-of-the-tuple" exercise="clock"
# You returned (client, when, job): asked for is (when, client, job).
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((k, now, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="one-too-many" exercise="clock"
# You returned the first job that arrives after until_s as well.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived + coming[:1]


# %% mutant="client-by-client" exercise="clock"
# You returned the jobs client by client: asked for is the order of time.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    arrived = []
    for k, row in enumerate(seconds):
        now = 0.0
        for i, s in enumerate(row):
            now += s
            if now <= until_s:
                arrived.append((now, k, i))
    return arrived


# %% mutant="ties-by-job" exercise="clock"
# You put jobs that arrive at the same time in the order of their numbers: asked for is
# the order of the clients.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    arrived = []
    for k, row in enumerate(seconds):
        now = 0.0
        for i, s in enumerate(row):
            now += s
            if now <= until_s:
                arrived.append((now, k, i))
    return sorted(arrived, key=lambda event: (event[0], event[2], event[1]))


# %% mutant="rounds-again" exercise="clock"
# You let everybody wait for the slowest: without rounds a client starts its next job at
# once.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    arrived, now = [], 0.0
    for i in range(seconds.shape[1]):
        for k in np.argsort(seconds[:, i], kind="stable"):
            if now + seconds[k, i] <= until_s:
                arrived.append((now + seconds[k, i], int(k), i))
        now += seconds[:, i].max()
    return arrived


# %% mutant="adds-up-in-place" exercise="clock"
# You wrote the sums into the array that you were given.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    np.cumsum(seconds, axis=1, out=seconds)
    num_clients, num_jobs = seconds.shape
    return sorted(
        (float(seconds[k, i]), k, i)
        for k in range(num_clients)
        for i in range(num_jobs)
        if seconds[k, i] <= until_s
    )


# %% mutant="adds-up-clients" exercise="clock"
# You added up the seconds of different clients: a client's jobs follow one another, and
# clients work at the same time.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    when = np.cumsum(seconds, axis=0)
    num_clients, num_jobs = seconds.shape
    return sorted(
        (float(when[k, i]), k, i)
        for k in range(num_clients)
        for i in range(num_jobs)
        if when[k, i] <= until_s
    )


# %% mutant="all-jobs-alike" exercise="clock"
# You multiplied a job's seconds by how many there were: a client's jobs can take
# different times.
def round_ends(seconds, timeout_s):
    rounds, now = [], 0.0
    for column in seconds.T:
        now += min(timeout_s, column.max())
        used = [k for k, s in enumerate(column) if s <= timeout_s]
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    return sorted(
        (float(seconds[k, i]) * (i + 1), k, i)
        for k in range(num_clients)
        for i in range(num_jobs)
        if seconds[k, i] * (i + 1) <= until_s
    )


# %% mutant="late-ones-stay-busy" exercise="clock"
# You let a late client finish its job in the next round: here it gives up, and starts
# its next job with the others.
def round_ends(seconds, timeout_s):
    rounds, now, left = [], 0.0, np.zeros(len(seconds))
    for column in seconds.T:
        todo = left + column
        now += min(timeout_s, todo.max())
        used = [k for k, s in enumerate(todo) if s <= timeout_s]
        left = np.maximum(todo - timeout_s, 0)
        rounds.append((now, used))
    return rounds


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    arrived = []
    coming = [(seconds[k, 0], k, 0) for k in range(num_clients)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= until_s:
        now, k, i = heapq.heappop(coming)
        arrived.append((now, k, i))
        if i + 1 < num_jobs:
            heapq.heappush(coming, (now + seconds[k, i + 1], k, i + 1))
    return arrived


# %% mutant="arrays-of-one" exercise="clock"
# You returned arrays with one number in them for the times: a time is one float.
def round_ends(seconds, timeout_s):
    rounds, now = [], np.zeros(1)
    for column in seconds.T:
        now = now + np.minimum(timeout_s, column.max(keepdims=True))
        rounds.append((now, np.flatnonzero(column <= timeout_s).tolist()))
    return rounds


def arrivals(seconds, until_s):
    ends = np.cumsum(seconds, axis=1)
    jobs = sorted((s, k, i) for (k, i), s in np.ndenumerate(ends) if s <= until_s)
    return [(ends[k, i : i + 1], k, i) for _, k, i in jobs]


# %% alternative="cumulative-sums" exercise="clock"
# Adds up each client's seconds and sorts.
def round_ends(seconds, timeout_s):
    longest = np.minimum(seconds.max(axis=0), timeout_s)
    in_time = (seconds <= timeout_s).T
    return [
        (float(end), np.flatnonzero(used).tolist())
        for end, used in zip(np.cumsum(longest), in_time, strict=True)
    ]


def arrivals(seconds, until_s):
    when = np.cumsum(seconds, axis=1)
    clients, jobs = np.nonzero(when <= until_s)
    order = np.lexsort((clients, when[clients, jobs]))
    return [
        (float(when[clients[o], jobs[o]]), int(clients[o]), int(jobs[o])) for o in order
    ]


# %% alternative="without-a-heap" exercise="clock"
# Looks for the earliest client again and again.
def round_ends(seconds, timeout_s):
    now, result = 0, []
    for i in range(seconds.shape[1]):
        used, longest = [], 0
        for k in range(seconds.shape[0]):
            if seconds[k][i] > timeout_s:
                longest = timeout_s
            else:
                used.append(k)
                longest = max(longest, seconds[k][i])
        now = now + longest
        result.append((now, used))
    return result


def arrivals(seconds, until_s):
    num_clients, num_jobs = seconds.shape
    due, job, result = seconds[:, 0].copy(), [0] * num_clients, []
    while True:
        k = int(np.argmin(due))
        if due[k] > until_s or due[k] == math.inf:
            return result
        result.append((due[k], k, job[k]))
        job[k] += 1
        due[k] += seconds[k, job[k]] if job[k] < num_jobs else math.inf


# %% alternative="merge" exercise="clock"
# Merges the clients' sorted lists.
from itertools import accumulate, takewhile


def round_ends(seconds, timeout_s):
    lengths = [min(timeout_s, max(column)) for column in zip(*seconds, strict=True)]
    who = [
        [k for k in range(len(seconds)) if not seconds[k, i] > timeout_s]
        for i in range(len(lengths))
    ]
    return list(zip(accumulate(lengths), who, strict=True))


def arrivals(seconds, until_s):
    queues = []
    for k, row in enumerate(seconds.tolist()):
        queues.append([(t, k, i) for i, t in enumerate(accumulate(row))])
    return list(takewhile(lambda event: event[0] <= until_s, heapq.merge(*queues)))


# %% [markdown]
# ## Task 2


# %% mutant="end-included" exercise="availability"
# You counted the end of a window in: it is over then.
def is_online(time_s, windows, day_s):
    now = time_s % day_s
    return any(
        start <= now <= end if start < end else now >= start or now < end
        for start, end in windows
    )


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return time_s
    waits = [(start - time_s) % day_s for start, _ in windows]
    return time_s + min(waits, default=math.inf)


# %% mutant="end-over-midnight-included" exercise="availability"
# You counted the end of a window that runs over midnight in: it is over then.
def is_online(time_s, windows, day_s):
    now = time_s % day_s
    return any(
        start <= now < end if start < end else now >= start or now <= end
        for start, end in windows
    )


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return time_s
    waits = [(start - time_s) % day_s for start, _ in windows]
    return time_s + min(waits, default=math.inf)


# %% mutant="start-excluded" exercise="availability"
# You left out the first second of a window.
def is_online(time_s, windows, day_s):
    now = time_s % day_s
    return any(
        start < now < end if start < end else now >= start or now < end
        for start, end in windows
    )


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return time_s
    waits = [(start - time_s) % day_s for start, _ in windows]
    return time_s + min(waits, default=math.inf)


# %% mutant="start-over-midnight-excluded" exercise="availability"
# You left out the first second of a window that runs over midnight.
def is_online(time_s, windows, day_s):
    now = time_s % day_s
    return any(
        start <= now < end if start < end else now > start or now < end
        for start, end in windows
    )


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return time_s
    waits = [(start - time_s) % day_s for start, _ in windows]
    return time_s + min(waits, default=math.inf)


# %% mutant="no-midnight" exercise="availability"
# You forgot the windows that run over midnight: their end is smaller than their start.
def is_online(time_s, windows, day_s):
    now = time_s % day_s
    return any(start <= now < end for start, end in windows)


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return time_s
    waits = [(start - time_s) % day_s for start, _ in windows]
    return time_s + min(waits, default=math.inf)


# %% mutant="and-over-midnight" exercise="availability"
# You asked for both sides of midnight at once: a window over midnight is its evening
# *or* its morning.
def is_online(time_s, windows, day_s):
    now = time_s % day_s
    return any(
        start <= now < end if start < end else now >= start and now < end
        for start, end in windows
    )


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return time_s
    waits = [(start - time_s) % day_s for start, _ in windows]
    return time_s + min(waits, default=math.inf)


# %% mutant="first-day-only" exercise="availability"
# You forgot that the windows repeat every day.
def is_online(time_s, windows, day_s):
    now = time_s
    return any(
        start <= now < end if start < end else now >= start or now < end
        for start, end in windows
    )


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return time_s
    waits = [(start - time_s) % day_s for start, _ in windows]
    return time_s + min(waits, default=math.inf)


# %% mutant="all-windows" exercise="availability"
# You asked for all windows at once: one of them is enough.
def is_online(time_s, windows, day_s):
    now = time_s % day_s
    return all(
        start <= now < end if start < end else now >= start or now < end
        for start, end in windows
    )


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return time_s
    waits = [(start - time_s) % day_s for start, _ in windows]
    return time_s + min(waits, default=math.inf)


# %% mutant="half-seconds" exercise="availability"
# You cut seconds to whole ones: 49.5 is not 49.
def is_online(time_s, windows, day_s):
    now = math.floor(time_s) % day_s + 0
    return any(
        start <= now < end if start < end else now >= start or now < end
        for start, end in windows
    )


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return math.floor(time_s)
    waits = [(start - time_s) % day_s for start, _ in windows]
    return time_s + min(waits, default=math.inf)


# %% mutant="how-long" exercise="availability"
# You returned how long it takes until the client is online: asked for is when.
def is_online(time_s, windows, day_s):
    now = time_s % day_s
    return any(
        start <= now < end if start < end else now >= start or now < end
        for start, end in windows
    )


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return 0
    waits = [(start - time_s) % day_s for start, _ in windows]
    return min(waits, default=math.inf)


# %% mutant="time-of-day" exercise="availability"
# You returned the time of day: asked for are the seconds since the first midnight.
def is_online(time_s, windows, day_s):
    now = time_s % day_s
    return any(
        start <= now < end if start < end else now >= start or now < end
        for start, end in windows
    )


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return time_s
    waits = [(start - time_s) % day_s for start, _ in windows]
    return (time_s + min(waits)) % day_s if waits else math.inf


# %% mutant="never-is-none" exercise="availability"
# You returned None for a client that is never online: asked for is infinity.
def is_online(time_s, windows, day_s):
    now = time_s % day_s
    return any(
        start <= now < end if start < end else now >= start or now < end
        for start, end in windows
    )


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return time_s
    waits = [(start - time_s) % day_s for start, _ in windows]
    return time_s + min(waits) if waits else None


# %% mutant="never-fails" exercise="availability"
# You took the least of no windows: a client without any is online at infinity.
def is_online(time_s, windows, day_s):
    now = time_s % day_s
    return any(
        start <= now < end if start < end else now >= start or now < end
        for start, end in windows
    )


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return time_s
    waits = [(start - time_s) % day_s for start, _ in windows]
    return time_s + min(waits)


# %% mutant="first-window-only" exercise="availability"
# You looked at the first window of the list only for the next start.
def is_online(time_s, windows, day_s):
    now = time_s % day_s
    return any(
        start <= now < end if start < end else now >= start or now < end
        for start, end in windows
    )


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return time_s
    waits = [(start - time_s) % day_s for start, _ in windows]
    return time_s + (waits[0] if waits else math.inf)


# %% mutant="next-start-always" exercise="availability"
# You returned the next start although the client is online now.
def is_online(time_s, windows, day_s):
    now = time_s % day_s
    return any(
        start <= now < end if start < end else now >= start or now < end
        for start, end in windows
    )


def next_online(time_s, windows, day_s):
    waits = [(start - time_s) % day_s for start, _ in windows]
    return time_s + min(waits, default=math.inf)


# %% mutant="latest-start" exercise="availability"
# You took the window that begins last: the next one is the one to wait for least.
def is_online(time_s, windows, day_s):
    now = time_s % day_s
    return any(
        start <= now < end if start < end else now >= start or now < end
        for start, end in windows
    )


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return time_s
    waits = [(start - time_s) % day_s for start, _ in windows]
    return time_s + max(waits, default=math.inf)


# %% mutant="ends-as-starts" exercise="availability"
# You took the end of a window for its start.
def is_online(time_s, windows, day_s):
    now = time_s % day_s
    return any(
        start <= now < end if start < end else now >= start or now < end
        for start, end in windows
    )


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return time_s
    waits = [(start - time_s) % day_s for _, start in windows]
    return time_s + min(waits, default=math.inf)


# %% mutant="today-only" exercise="availability"
# You looked at the windows that begin later today only: there is a tomorrow.
def is_online(time_s, windows, day_s):
    now = time_s % day_s
    return any(
        start <= now < end if start < end else now >= start or now < end
        for start, end in windows
    )


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return time_s
    now = time_s % day_s
    waits = [start - now for start, _ in windows if start > now]
    return time_s + min(waits, default=math.inf)


# %% mutant="negative-waits" exercise="availability"
# You subtracted without going round: a window that began earlier today begins again
# tomorrow.
def is_online(time_s, windows, day_s):
    now = time_s % day_s
    return any(
        start <= now < end if start < end else now >= start or now < end
        for start, end in windows
    )


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return time_s
    waits = [start - time_s % day_s for start, _ in windows]
    return time_s + min(waits, default=math.inf)


# %% mutant="other-way-round" exercise="availability"
# You took how long ago the window began for how long it takes to begin.
def is_online(time_s, windows, day_s):
    now = time_s % day_s
    return any(
        start <= now < end if start < end else now >= start or now < end
        for start, end in windows
    )


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return time_s
    waits = [(time_s - start) % day_s for start, _ in windows]
    return time_s + min(waits, default=math.inf)


# %% mutant="strictly-later" exercise="availability"
# You added a day to a window that begins right now.
def is_online(time_s, windows, day_s):
    now = time_s % day_s
    return any(
        start <= now < end if start < end else now >= start or now < end
        for start, end in windows
    )


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s) and time_s % day_s not in [
        s for s, _ in windows
    ]:
        return time_s
    waits = [(start - time_s) % day_s or day_s for start, _ in windows]
    return time_s + min(waits, default=math.inf)


# %% mutant="whole-day-is-empty" exercise="availability"
# You measured windows modulo the day: one that lasts the whole day has the length 0
# then.
def is_online(time_s, windows, day_s):
    return any(
        (time_s - start) % day_s < (end - start) % day_s for start, end in windows
    )


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return time_s
    waits = [(start - time_s) % day_s for start, _ in windows]
    return time_s + min(waits, default=math.inf)


# %% mutant="swapped-ends" exercise="availability"
# You swapped start and end of a window that runs over midnight: that is when the client
# is away.
def is_online(time_s, windows, day_s):
    now = time_s % day_s
    return any(min(w) <= now < max(w) for w in windows)


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return time_s
    waits = [(start - time_s) % day_s for start, _ in windows]
    return time_s + min(waits, default=math.inf)


# %% mutant="evening-only" exercise="availability"
# You forgot the morning of a window that runs over midnight.
def is_online(time_s, windows, day_s):
    now, start = time_s % day_s, math.inf
    for start, end in windows:
        if start < end and start <= now < end or start > end and now >= start:
            return True
    return False


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return time_s
    waits = [(start - time_s) % day_s for start, _ in windows]
    return time_s + min(waits, default=math.inf)


# %% mutant="returns-in-the-loop" exercise="availability"
# You decided by the first window: look at the others before you say no.
def is_online(time_s, windows, day_s):
    now = time_s % day_s
    for start, end in windows:
        if start < end:
            return start <= now < end
        return now >= start or now < end
    return False


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return time_s
    waits = [(start - time_s) % day_s for start, _ in windows]
    return time_s + min(waits, default=math.inf)


# %% mutant="arrays-of-one" exercise="availability"
# You returned arrays with one entry: whether, and when, is one bool and one float.
def is_online(time_s, windows, day_s):
    now = np.array([time_s % day_s])
    online = np.zeros(1, dtype=bool)
    for start, end in windows:
        after, before = start <= now, now < end
        online |= (after & before) if start < end else (after | before)
    return online


def next_online(time_s, windows, day_s):
    if is_online(time_s, windows, day_s):
        return np.array([time_s])
    waits = [(start - time_s) % day_s for start, _ in windows]
    return np.array([time_s + min(waits, default=math.inf)])


# %% alternative="splits-at-midnight" exercise="availability"
# Cuts a window that runs over midnight in two.
def pieces(windows, day_s):
    for start, end in windows:
        if start < end:
            yield start, end
        else:
            yield start, day_s
            yield 0, end


def is_online(time_s, windows, day_s):
    now = math.fmod(time_s, day_s)
    for start, end in pieces(windows, day_s):
        if now >= start and not now >= end:
            return True
    return False


def next_online(time_s, windows, day_s):
    day, now = divmod(time_s, day_s)
    if is_online(now, windows, day_s):
        return time_s
    later = [start for start, _ in windows if start > now]
    tomorrow = [start + day_s for start, _ in windows]
    return day * day_s + min(later + tomorrow, default=math.inf)


# %% alternative="lengths" exercise="availability"
# Measures from the start of each window, modulo the day.
def is_online(time_s, windows, day_s):
    return any(
        (time_s - start) % day_s < ((end - start) % day_s or day_s)
        for start, end in windows
    )


def next_online(time_s, windows, day_s):
    if not windows:
        return float("inf")
    candidates = [time_s + (start - time_s) % day_s for start, end in windows]
    return time_s if is_online(time_s, windows, day_s) else min(candidates)


# %% alternative="day-by-day" exercise="availability"
# Lists the windows of yesterday, today and tomorrow.
def unrolled(time_s, windows, day_s):
    today = math.floor(time_s / day_s)
    for day in (today - 1, today, today + 1):
        for start, end in windows:
            opens = day * day_s + start
            closes = day * day_s + end + (day_s if end < start else 0)
            yield opens, closes


def is_online(time_s, windows, day_s):
    return any(a <= time_s and time_s < b for a, b in unrolled(time_s, windows, day_s))


def next_online(time_s, windows, day_s):
    times = [max(a, time_s) for a, b in unrolled(time_s, windows, day_s) if b > time_s]
    return min(times) if times else math.inf


# %% [markdown]
# ## Task 3


# %% mutant="waits-for-all" exercise="deadline"
# You waited for everybody and took the first ones then: return as soon as there are
# enough.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while pending and grid.clock.now < end_s:
        for reply in grid.pull_messages(pending, timeout=end_s - grid.clock.now):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content():
                    good.append(reply)
    return good[:num_wanted]


# %% mutant="errors-count" exercise="deadline"
# You counted errors as replies: a failed client has nothing to say.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while pending and len(good) < num_wanted and grid.clock.now < end_s:
        for reply in grid.pull_messages(pending, timeout=end_s - grid.clock.now):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                good.append(reply)
    return good[:num_wanted]


# %% mutant="errors-fill-up" exercise="deadline"
# You stopped when enough had replied, errors included: only good replies are enough.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while (
        pending and len(messages) - len(pending) < num_wanted and grid.clock.now < end_s
    ):
        for reply in grid.pull_messages(pending, timeout=end_s - grid.clock.now):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content():
                    good.append(reply)
    return good[:num_wanted]


# %% mutant="no-deadline" exercise="deadline"
# You waited without a deadline.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while pending and len(good) < num_wanted and grid.clock.now < end_s:
        for reply in grid.pull_messages(pending):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content():
                    good.append(reply)
    return good[:num_wanted]


# %% mutant="deadline-of-the-clock" exercise="deadline"
# You took deadline_s for a time of the clock: it is counted from the call.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while pending and len(good) < num_wanted and grid.clock.now < end_s:
        for reply in grid.pull_messages(pending, timeout=end_s - grid.clock.now):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content():
                    good.append(reply)
    return good[:num_wanted]


# %% mutant="deadline-starts-again" exercise="deadline"
# You gave every pull the whole deadline: only what is left of it may be waited for.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while pending and len(good) < num_wanted and grid.clock.now < end_s:
        for reply in grid.pull_messages(pending, timeout=deadline_s):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content():
                    good.append(reply)
    return good[:num_wanted]


# %% mutant="too-many" exercise="deadline"
# You returned more replies than were wanted: several can arrive at the same moment.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while pending and len(good) < num_wanted and grid.clock.now < end_s:
        for reply in grid.pull_messages(pending, timeout=end_s - grid.clock.now):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content():
                    good.append(reply)
    return good


# %% mutant="copies-count" exercise="deadline"
# You counted a reply that was delivered twice as two.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while pending and len(good) < num_wanted and grid.clock.now < end_s:
        for reply in grid.pull_messages(pending, timeout=end_s - grid.clock.now):
            pending.discard(reply.metadata.reply_to_message_id)
            if reply.has_content():
                good.append(reply)
    return good[:num_wanted]


# %% mutant="waits-for-nobody" exercise="deadline"
# You waited until the deadline although everybody had replied.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while len(good) < num_wanted and grid.clock.now < end_s:
        for reply in grid.pull_messages(pending, timeout=end_s - grid.clock.now):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content():
                    good.append(reply)
    return good[:num_wanted]


# %% mutant="late-at-the-deadline" exercise="deadline"
# You left out a reply that arrives exactly at the deadline: it is in time.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while pending and len(good) < num_wanted and grid.clock.now < end_s:
        for reply in grid.pull_messages(pending, timeout=end_s - grid.clock.now):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content() and grid.clock.now < end_s:
                    good.append(reply)
    return good[:num_wanted]


# %% mutant="asks-too-few" exercise="deadline"
# You asked as many clients as you need: over-selection asks all of them, and goes on
# with the first.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages[:num_wanted])), []
    while pending and len(good) < num_wanted and grid.clock.now < end_s:
        for reply in grid.pull_messages(pending, timeout=end_s - grid.clock.now):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content():
                    good.append(reply)
    return good[:num_wanted]


# %% mutant="order-of-clients" exercise="deadline"
# You returned the replies in the order of the clients, not of their arrival.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while pending and len(good) < num_wanted and grid.clock.now < end_s:
        for reply in grid.pull_messages(pending, timeout=end_s - grid.clock.now):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content():
                    good.append(reply)
    return sorted(good[:num_wanted], key=lambda r: r.metadata.src_node_id)


# %% mutant="sorted-before-the-cut" exercise="deadline"
# You sorted the replies by client before you took the first ones.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while pending and len(good) < num_wanted and grid.clock.now < end_s:
        for reply in grid.pull_messages(pending, timeout=end_s - grid.clock.now):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content():
                    good.append(reply)
    return sorted(good, key=lambda r: r.metadata.src_node_id)[:num_wanted]


# %% mutant="last-ones" exercise="deadline"
# You took the last replies, not the first.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while pending and len(good) < num_wanted and grid.clock.now < end_s:
        for reply in grid.pull_messages(pending, timeout=end_s - grid.clock.now):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content():
                    good.append(reply)
    return good[-num_wanted:]


# %% mutant="all-or-nothing" exercise="deadline"
# You returned nothing when too few came in time: return those that did.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while pending and len(good) < num_wanted and grid.clock.now < end_s:
        for reply in grid.pull_messages(pending, timeout=end_s - grid.clock.now):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content():
                    good.append(reply)
    return good[:num_wanted] if len(good) >= num_wanted else []


# %% mutant="one-more" exercise="deadline"
# You waited for one reply more than wanted.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while pending and len(good) <= num_wanted and grid.clock.now < end_s:
        for reply in grid.pull_messages(pending, timeout=end_s - grid.clock.now):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content():
                    good.append(reply)
    return good[:num_wanted]


# %% mutant="one-less" exercise="deadline"
# You returned with one reply less than wanted.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while pending and len(good) < max(num_wanted - 1, 1) and grid.clock.now < end_s:
        for reply in grid.pull_messages(pending, timeout=end_s - grid.clock.now):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content():
                    good.append(reply)
    return good[:num_wanted]


# %% mutant="first-pull-only" exercise="deadline"
# You pulled once: that brings the first arrival only.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    if pending:
        for reply in grid.pull_messages(pending, timeout=end_s - grid.clock.now):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content():
                    good.append(reply)
    return good[:num_wanted]


# %% mutant="never-gives-up" exercise="deadline"
# You went on pulling at the deadline: your loop does not end.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while pending and len(good) < num_wanted and grid.clock.now <= end_s:
        for reply in grid.pull_messages(pending, timeout=end_s - grid.clock.now):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content():
                    good.append(reply)
    return good[:num_wanted]


# %% mutant="does-not-wait" exercise="deadline"
# You pulled without waiting: the clock of this grid moves only while somebody waits.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while pending and len(good) < num_wanted and grid.clock.now < end_s:
        for reply in grid.pull_messages(pending, timeout=0):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content():
                    good.append(reply)
    return good[:num_wanted]


# %% mutant="polls-by-the-second" exercise="deadline"
# You waited in steps of a second, beyond the deadline.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while pending and len(good) < num_wanted and grid.clock.now < end_s:
        for reply in grid.pull_messages(pending, timeout=1.75):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content():
                    good.append(reply)
    return good[:num_wanted]


# %% mutant="drops-the-pull" exercise="deadline"
# You stopped in the middle of a pull, and kept what came after it out of `pending`: the
# clock is right, one reply is lost.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while pending and len(good) < num_wanted and grid.clock.now < end_s:
        for reply in grid.pull_messages(pending, timeout=end_s - grid.clock.now):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content():
                    good.append(reply)
                    break
    return good[:num_wanted]


# %% mutant="failed-are-dropped-silently" exercise="deadline"
# You stopped at the first error: the others still work.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while pending and len(good) < num_wanted and grid.clock.now < end_s:
        for reply in grid.pull_messages(pending, timeout=end_s - grid.clock.now):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_error():
                    return good
                good.append(reply)
    return good[:num_wanted]


# %% mutant="sends-again" exercise="deadline"
# You sent the messages again in every turn of the loop.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while pending and len(good) < num_wanted and grid.clock.now < end_s:
        pending |= set(grid.push_messages(messages[:1]))
        for reply in grid.pull_messages(pending, timeout=end_s - grid.clock.now):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content():
                    good.append(reply)
    return good[:num_wanted]


# %% mutant="clock-to-the-deadline" exercise="deadline"
# You let the clock run to the deadline before you returned.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    pending, good = set(grid.push_messages(messages)), []
    while pending and len(good) < num_wanted and grid.clock.now < end_s:
        for reply in grid.pull_messages(pending, timeout=end_s - grid.clock.now):
            if reply.metadata.reply_to_message_id in pending:
                pending.remove(reply.metadata.reply_to_message_id)
                if reply.has_content():
                    good.append(reply)
    if grid.clock.now < end_s:
        grid.clock.advance_to(end_s)
    return good[:num_wanted]


# %% mutant="send-and-receive" exercise="deadline"
# You used send_and_receive: it waits for all, and returns replies in the order of the
# clients.
def first_replies(grid, messages, num_wanted, deadline_s):
    replies = grid.send_and_receive(messages, timeout=deadline_s)
    return [reply for reply in replies if reply.has_content()][:num_wanted]


# %% mutant="one-after-another" exercise="deadline"
# You asked one client after the other: ask all of them at once.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s, good = grid.clock.now + deadline_s, []
    for message in messages:
        if len(good) == num_wanted or grid.clock.now >= end_s:
            break
        left = end_s - grid.clock.now
        for reply in grid.pull_messages(grid.push_messages([message]), timeout=left)[
            :1
        ]:
            if reply.has_content():
                good.append(reply)
    return good


# %% mutant="stops-at-an-empty-pull" exercise="deadline"
# You stopped one error too early: an error that arrives does not end the round.
def first_replies(grid, messages, num_wanted, deadline_s):
    end_s, good = grid.clock.now + deadline_s, []
    ids = list(grid.push_messages(messages))
    while ids and len(good) < num_wanted and grid.clock.now < end_s:
        replies = grid.pull_messages(ids, timeout=end_s - grid.clock.now)
        ids = [
            i for i in ids if i not in {r.metadata.reply_to_message_id for r in replies}
        ]
        new = {r.metadata.reply_to_message_id: r for r in replies if r.has_content()}
        if not new:
            break
        good += new.values()
    return good[:num_wanted]


# %% alternative="small-steps" exercise="deadline"
# Waits in steps of a quarter of a second, and never beyond the deadline.
def first_replies(grid, messages, num_wanted, deadline_s):
    clock = grid.clock
    deadline = clock.now + deadline_s
    waiting = list(grid.push_messages(messages))
    replies = {}
    while waiting and clock.now < deadline:
        step = min(0.25, deadline - clock.now)
        for reply in grid.pull_messages(waiting, timeout=step):
            replies.setdefault(reply.metadata.reply_to_message_id, reply)
        waiting = [i for i in waiting if i not in replies]
        if sum(r.has_content() for r in replies.values()) >= num_wanted:
            break
    return [r for r in replies.values() if not r.has_error()][:num_wanted]


# %% alternative="returns-inside" exercise="deadline"
# Returns from inside the loop.
def first_replies(grid, messages, num_wanted, deadline_s):
    started, ids = grid.clock.now, list(grid.push_messages(messages))
    good, seen = [], set()
    while len(seen) < len(ids):
        left = started + deadline_s - grid.clock.now
        if left <= 0:
            return good
        for reply in grid.pull_messages(ids, timeout=left):
            number = reply.metadata.reply_to_message_id
            if number in seen:
                continue
            seen.add(number)
            if reply.has_error():
                continue
            good.append(reply)
            if len(good) == num_wanted:
                return good
    return good


# %% alternative="generator" exercise="deadline"
# Yields the replies as they come, and takes the first.
from itertools import islice


def coming(grid, ids, end_s):
    ids = set(ids)
    while ids and grid.clock.now < end_s:
        for reply in grid.pull_messages(sorted(ids), timeout=end_s - grid.clock.now):
            if reply.metadata.reply_to_message_id in ids:
                ids -= {reply.metadata.reply_to_message_id}
                yield reply


def first_replies(grid, messages, num_wanted, deadline_s):
    end_s = grid.clock.now + deadline_s
    replies = coming(grid, grid.push_messages(messages), end_s)
    return list(islice((r for r in replies if r.has_content()), num_wanted))


# %% [markdown]
# ## Task 4


# %% mutant="rounds-up" exercise="steps"
# You rounded up: the last step no longer fits into the budget.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id, content = message.metadata.dst_node_id, message.content
        steps = first_steps
        if node_id in step_s:
            steps = max(1, math.ceil(budget_s / step_s[node_id]))
        config = ConfigRecord({**content["config"], "local-steps": steps})
        content = RecordDict({**content, "config": config})
        planned.append(Message(content, node_id, message.metadata.message_type))
    return planned


# %% mutant="rounds-to-nearest" exercise="steps"
# You rounded to the nearest number of steps: the last one may not fit.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id, content = message.metadata.dst_node_id, message.content
        steps = first_steps
        if node_id in step_s:
            steps = max(1, round(budget_s / step_s[node_id]))
        config = ConfigRecord({**content["config"], "local-steps": steps})
        content = RecordDict({**content, "config": config})
        planned.append(Message(content, node_id, message.metadata.message_type))
    return planned


# %% mutant="at-least-none" exercise="steps"
# You let a slow client take no step: it takes one at least.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id, content = message.metadata.dst_node_id, message.content
        steps = first_steps
        if node_id in step_s:
            steps = math.floor(budget_s / step_s[node_id])
        config = ConfigRecord({**content["config"], "local-steps": steps})
        content = RecordDict({**content, "config": config})
        planned.append(Message(content, node_id, message.metadata.message_type))
    return planned


# %% mutant="at-least-first-steps" exercise="steps"
# You took first_steps for the least: that is one step.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id, content = message.metadata.dst_node_id, message.content
        steps = first_steps
        if node_id in step_s:
            steps = max(first_steps, math.floor(budget_s / step_s[node_id]))
        config = ConfigRecord({**content["config"], "local-steps": steps})
        content = RecordDict({**content, "config": config})
        planned.append(Message(content, node_id, message.metadata.message_type))
    return planned


# %% mutant="at-most-first-steps" exercise="steps"
# You took first_steps for the most: it is for clients that are not known.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id, content = message.metadata.dst_node_id, message.content
        steps = first_steps
        if node_id in step_s:
            steps = max(1, min(first_steps, math.floor(budget_s / step_s[node_id])))
        config = ConfigRecord({**content["config"], "local-steps": steps})
        content = RecordDict({**content, "config": config})
        planned.append(Message(content, node_id, message.metadata.message_type))
    return planned


# %% mutant="multiplies" exercise="steps"
# You multiplied the budget by the seconds of a step: the longer a step, the fewer fit.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id, content = message.metadata.dst_node_id, message.content
        steps = first_steps
        if node_id in step_s:
            steps = max(1, math.floor(budget_s * step_s[node_id]))
        config = ConfigRecord({**content["config"], "local-steps": steps})
        content = RecordDict({**content, "config": config})
        planned.append(Message(content, node_id, message.metadata.message_type))
    return planned


# %% mutant="share-of-the-fastest" exercise="steps"
# You scaled first_steps by speed: the number of steps follows from the budget.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id, content = message.metadata.dst_node_id, message.content
        steps = first_steps
        if node_id in step_s:
            steps = max(
                1, math.floor(first_steps * min(step_s.values()) / step_s[node_id])
            )
        config = ConfigRecord({**content["config"], "local-steps": steps})
        content = RecordDict({**content, "config": config})
        planned.append(Message(content, node_id, message.metadata.message_type))
    return planned


# %% mutant="unknown-gets-one" exercise="steps"
# You gave an unknown client one step: it takes first_steps.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id, content = message.metadata.dst_node_id, message.content
        steps = 1
        if node_id in step_s:
            steps = max(1, math.floor(budget_s / step_s[node_id]))
        config = ConfigRecord({**content["config"], "local-steps": steps})
        content = RecordDict({**content, "config": config})
        planned.append(Message(content, node_id, message.metadata.message_type))
    return planned


# %% mutant="unknown-left-out" exercise="steps"
# You left out the clients that are not known: they take first_steps.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id, content = message.metadata.dst_node_id, message.content
        if node_id not in step_s:
            continue
        steps = max(1, math.floor(budget_s / step_s[node_id]))
        config = ConfigRecord({**content["config"], "local-steps": steps})
        content = RecordDict({**content, "config": config})
        planned.append(Message(content, node_id, message.metadata.message_type))
    return planned


# %% mutant="unknown-raises" exercise="steps"
# You looked up a client that is not known yet.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id, content = message.metadata.dst_node_id, message.content
        steps = first_steps
        steps = max(1, math.floor(budget_s / step_s[node_id]))
        config = ConfigRecord({**content["config"], "local-steps": steps})
        content = RecordDict({**content, "config": config})
        planned.append(Message(content, node_id, message.metadata.message_type))
    return planned


# %% mutant="float-steps" exercise="steps"
# You set a float: a number of steps is an int.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id, content = message.metadata.dst_node_id, message.content
        steps = first_steps
        if node_id in step_s:
            steps = max(1, budget_s // step_s[node_id])
        config = ConfigRecord({**content["config"], "local-steps": steps})
        content = RecordDict({**content, "config": config})
        planned.append(Message(content, node_id, message.metadata.message_type))
    return planned


# %% mutant="settings-lost" exercise="steps"
# You made a config with nothing but the steps: the other settings are still needed.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id, content = message.metadata.dst_node_id, message.content
        steps = first_steps
        if node_id in step_s:
            steps = max(1, math.floor(budget_s / step_s[node_id]))
        config = ConfigRecord({"local-steps": steps})
        content = RecordDict({**content, "config": config})
        planned.append(Message(content, node_id, message.metadata.message_type))
    return planned


# %% mutant="settings-win" exercise="steps"
# You let the config's own local-steps win over those that you planned.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id, content = message.metadata.dst_node_id, message.content
        steps = first_steps
        if node_id in step_s:
            steps = max(1, math.floor(budget_s / step_s[node_id]))
        config = ConfigRecord({"local-steps": steps, **content["config"]})
        content = RecordDict({**content, "config": config})
        planned.append(Message(content, node_id, message.metadata.message_type))
    return planned


# %% mutant="other-records-lost" exercise="steps"
# You sent the model and the config only: other records are to be sent as well.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id, content = message.metadata.dst_node_id, message.content
        steps = first_steps
        if node_id in step_s:
            steps = max(1, math.floor(budget_s / step_s[node_id]))
        config = ConfigRecord({**content["config"], "local-steps": steps})
        content = RecordDict({"arrays": content["arrays"], "config": config})
        planned.append(Message(content, node_id, message.metadata.message_type))
    return planned


# %% mutant="model-lost" exercise="steps"
# You sent the config only: the client needs the model.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id, content = message.metadata.dst_node_id, message.content
        steps = first_steps
        if node_id in step_s:
            steps = max(1, math.floor(budget_s / step_s[node_id]))
        config = ConfigRecord({**content["config"], "local-steps": steps})
        content = RecordDict({"config": config})
        planned.append(Message(content, node_id, message.metadata.message_type))
    return planned


# %% mutant="always-train" exercise="steps"
# You made every message a train message: keep its type.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id, content = message.metadata.dst_node_id, message.content
        steps = first_steps
        if node_id in step_s:
            steps = max(1, math.floor(budget_s / step_s[node_id]))
        config = ConfigRecord({**content["config"], "local-steps": steps})
        content = RecordDict({**content, "config": config})
        planned.append(Message(content, node_id, "train"))
    return planned


# %% mutant="steps-everywhere" exercise="steps"
# You set the steps in every ConfigRecord: only the one called config is asked for.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id, content = message.metadata.dst_node_id, message.content
        steps = first_steps
        if node_id in step_s:
            steps = max(1, math.floor(budget_s / step_s[node_id]))
        config = ConfigRecord({**content["config"], "local-steps": steps})
        content = RecordDict({**content, "config": config})
        for name, record in content.config_records.items():
            content[name] = ConfigRecord({**record, "local-steps": steps})
        planned.append(Message(content, node_id, message.metadata.message_type))
    return planned


# %% mutant="beside-the-config" exercise="steps"
# You put the steps into a record of their own: clients look into the config.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id, content = message.metadata.dst_node_id, message.content
        steps = first_steps
        if node_id in step_s:
            steps = max(1, math.floor(budget_s / step_s[node_id]))
        config = ConfigRecord({"local-steps": steps})
        content = RecordDict({**content, "steps": config})
        planned.append(Message(content, node_id, message.metadata.message_type))
    return planned


# %% mutant="sorted-by-client" exercise="steps"
# You sorted the messages by client: keep their order.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id, content = message.metadata.dst_node_id, message.content
        steps = first_steps
        if node_id in step_s:
            steps = max(1, math.floor(budget_s / step_s[node_id]))
        config = ConfigRecord({**content["config"], "local-steps": steps})
        content = RecordDict({**content, "config": config})
        planned.append(Message(content, node_id, message.metadata.message_type))
    return sorted(planned, key=lambda message: message.metadata.dst_node_id)


# %% mutant="under-another-name" exercise="steps"
# You called it local_steps: the name is local-steps.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id, content = message.metadata.dst_node_id, message.content
        steps = first_steps
        if node_id in step_s:
            steps = max(1, math.floor(budget_s / step_s[node_id]))
        config = ConfigRecord({**content["config"], "local_steps": steps})
        content = RecordDict({**content, "config": config})
        planned.append(Message(content, node_id, message.metadata.message_type))
    return planned


# %% mutant="steps-by-position" exercise="steps"
# You took the clients in the order of step_s for those of the messages: go by node id.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for number, message in enumerate(messages):
        node_id, content = message.metadata.dst_node_id, message.content
        steps = first_steps
        if number < len(step_s):
            steps = max(1, math.floor(budget_s / list(step_s.values())[number]))
        config = ConfigRecord({**content["config"], "local-steps": steps})
        content = RecordDict({**content, "config": config})
        planned.append(Message(content, node_id, message.metadata.message_type))
    return planned


# %% mutant="shared-config" exercise="steps"
# You wrote into the config that all messages share: they all got the steps of the last
# client.
def with_local_steps(messages, step_s, budget_s, first_steps):
    for message in messages:
        steps = first_steps
        if message.metadata.dst_node_id in step_s:
            fit = math.floor(budget_s / step_s[message.metadata.dst_node_id])
            steps = max(1, fit)
        message.content["config"]["local-steps"] = steps
    return messages


# %% mutant="shallow-copy" exercise="steps"
# You copied the content and wrote into its config: the copy has the same config in it.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id = message.metadata.dst_node_id
        steps = first_steps
        if node_id in step_s:
            steps = max(1, math.floor(budget_s / step_s[node_id]))
        content = RecordDict(dict(message.content))
        content["config"]["local-steps"] = steps
        planned.append(Message(content, node_id, message.metadata.message_type))
    return planned


# %% mutant="one-new-config" exercise="steps"
# You made one new config for all messages: each needs its own.
def with_local_steps(messages, step_s, budget_s, first_steps):
    planned, content = [], None
    for message in messages:
        node_id = message.metadata.dst_node_id
        steps = first_steps
        if node_id in step_s:
            steps = max(1, math.floor(budget_s / step_s[node_id]))
        if content is None:
            config = ConfigRecord(dict(message.content["config"]))
            content = RecordDict({**message.content, "config": config})
        content["config"]["local-steps"] = steps
        planned.append(Message(content, node_id, message.metadata.message_type))
    return planned


# %% mutant="replaces-in-the-shared-content" exercise="steps"
# You gave the shared content a new config: a content that all messages share has one
# config.
def with_local_steps(messages, step_s, budget_s, first_steps):
    for message in messages:
        steps = first_steps
        if message.metadata.dst_node_id in step_s:
            fit = math.floor(budget_s / step_s[message.metadata.dst_node_id])
            steps = max(1, fit)
        config = ConfigRecord({**message.content["config"], "local-steps": steps})
        message.content["config"] = config
    return messages


# %% alternative="sets-the-content" exercise="steps"
# Gives each message a new content, and returns the messages themselves.
def with_local_steps(messages, step_s, budget_s, first_steps):
    for message in messages:
        seconds = step_s.get(message.metadata.dst_node_id)
        steps = first_steps if seconds is None else int(budget_s / seconds) or 1
        config = dict(message.content["config"])
        config["local-steps"] = steps
        content = RecordDict(dict(message.content.items()))
        content["config"] = ConfigRecord(config)
        message.content = content
    return messages


# %% alternative="deep-copies" exercise="steps"
# Copies the whole content.
from copy import deepcopy


def with_local_steps(messages, step_s, budget_s, first_steps):
    planned = []
    for message in messages:
        node_id = message.metadata.dst_node_id
        content = deepcopy(message.content)
        if node_id in step_s:
            content["config"]["local-steps"] = max(int(budget_s // step_s[node_id]), 1)
        else:
            content["config"]["local-steps"] = int(first_steps)
        kind = message.metadata.message_type
        planned.append(Message(content, dst_node_id=node_id, message_type=kind))
    return planned


# %% alternative="counts-up" exercise="steps"
# Counts how many steps fit.
def steps_that_fit(seconds, budget_s):
    steps = 1
    while (steps + 1) * seconds <= budget_s:
        steps += 1
    return steps


def with_local_steps(messages, step_s, budget_s, first_steps):
    def plan(message):
        metadata = message.metadata
        steps = first_steps
        if metadata.dst_node_id in step_s:
            steps = steps_that_fit(step_s[metadata.dst_node_id], budget_s)
        records = {
            name: ConfigRecord(dict(record) | {"local-steps": steps})
            if name == "config"
            else record
            for name, record in message.content.items()
        }
        return Message(RecordDict(records), metadata.dst_node_id, metadata.message_type)

    return [plan(message) for message in messages]


# %% mutant="plain-average" exercise="average"
# You averaged the models: fast devices, which take more steps, then decide.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean = sum(n_k / n * (w - w_k[name]) for n_k, _, w_k in done)
        new[name] = np.asarray(w - mean, w.dtype)
    return new


# %% mutant="all-alike" exercise="average"
# You gave all clients the same weight: p_k is the share of the examples.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    done = [(1, tau_k, w_k) for _, tau_k, w_k in done]
    n = len(done)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="mean-steps-all-alike" exercise="average"
# You took the plain mean of the steps: it is weighted by examples, too.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(tau_k for _, tau_k, _ in done) / max(len(done), 1)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="one-step" exercise="average"
# You went one average step: go as many as clients took on average.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = 1
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="most-steps" exercise="average"
# You went as many steps as the fastest client took: it is the weighted mean.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = max((tau_k for _, tau_k, _ in done), default=0)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="all-steps" exercise="average"
# You went as many steps as all clients took together: it is the weighted mean.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(tau_k for _, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="sign" exercise="average"
# You went the other way: the update is old minus new, and is subtracted.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w + mean_steps * mean_step, w.dtype)
    return new


# %% mutant="weights-by-steps" exercise="average"
# You weighted clients by their steps as well: that undoes the division by them.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(
            n_k * tau_k / sum(a * b for a, b, _ in done) * (w - w_k[name]) / tau_k
            for n_k, tau_k, w_k in done
        )
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="steps-for-examples" exercise="average"
# You weighted clients by their steps: the weight is the number of examples.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["local-steps"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="multiplies-by-steps" exercise="average"
# You multiplied an update by its steps: divide, to get the average step.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) * tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="divides-the-model" exercise="average"
# You divided the client's model by its steps: it is the update, w - w_k, that its steps
# have made.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name] / tau_k) for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="errors-raise" exercise="average"
# You read the content of a reply with an error: it has none.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="no-steps-divides" exercise="average"
# You divided by the steps of a client that took none.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content():
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="no-steps-counts" exercise="average"
# You counted the examples of a client that took no step: it has nothing to say.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(r.content["metrics"]["num-examples"] for r in replies if r.has_content())
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="no-steps-lower-the-mean" exercise="average"
# You counted a client without a step as zero steps in the mean: it has nothing to say.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    told = [r.content["metrics"] for r in replies if r.has_content()]
    everybody = sum(one["num-examples"] for one in told)
    mean_steps = sum(n_k / everybody * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="no-steps-as-one" exercise="average"
# You counted no step as one: a client that took none has nothing to say.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content():
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], max(1, told["local-steps"]), w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="single-step-left-out" exercise="average"
# You left out clients that took one step.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 1:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="over-those-asked" exercise="average"
# You divided by the number of replies, errors included: weights add up to 1 over those
# that have something to say.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done) * len(replies) / max(len(done), 1)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="nobody-raises" exercise="average"
# You divided by the examples of nobody: if no client has anything to say, the model
# stays.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    shares = [n_k / n for n_k, _, _ in done] or 1 / n
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="nobody-is-none" exercise="average"
# You returned None when no client had anything to say: the model stays as it is.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    if not done:
        return None
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="nobody-is-empty" exercise="average"
# You returned an empty model when no client had anything to say: the model stays as it
# is.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    if not done:
        return {}
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="nobody-is-zero" exercise="average"
# You returned zeros when no client had anything to say: the model stays as it is.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    if not done:
        return {name: np.zeros_like(w) for name, w in model.items()}
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="in-place" exercise="average"
# You changed the model that you were given.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        w -= np.asarray(mean_steps * mean_step, w.dtype)
        new[name] = w
    return new


# %% mutant="float32" exercise="average"
# You made every array float32: keep the dtype that it had.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, np.float32)
    return new


# %% mutant="float64" exercise="average"
# You made every array float64: keep the dtype that it had.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, np.float64)
    return new


# %% mutant="by-position" exercise="average"
# You took the arrays by their position: a reply may have the names in another order.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for place, (name, w) in enumerate(model.items()):
        mean_step = sum(
            n_k / n * (w - list(w_k.values())[place]) / tau_k
            for n_k, tau_k, w_k in done
        )
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="whole-shares" exercise="average"
# You divided examples as whole numbers: a share of less than 1 is 0 then.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(n_k // n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k // n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="last-client" exercise="average"
# You kept the last client's step only.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = (
            [n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done] or [0]
        )[-1]
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% mutant="first-array-only" exercise="average"
# You moved the first array only.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name, w in model.items():
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return {**model, **dict(list(new.items())[:1])}


# %% mutant="keeps-the-axis-of-the-clients" exercise="average"
# You kept the axis over which you averaged, with length 1: each array has the shape
# that it has in the model.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    if not done:
        return {name: np.array(w) for name, w in model.items()}
    p = np.array([n_k for n_k, _, _ in done], float)
    p, taus = p / p.sum(), np.array([tau_k for _, tau_k, _ in done], float)
    new = {}
    for name, w in model.items():
        far = np.stack([w - np.float64(w_k[name]) for _, _, w_k in done])
        shares = (p / taus).reshape(-1, *[1] * w.ndim)
        step = (shares * far).sum(axis=0, keepdims=True)
        new[name] = np.asarray(w - p @ taus * step, w.dtype)
    return new


# %% mutant="takes-arrays-out-of-the-model" exercise="average"
# You took the arrays out of the model as you went: it is the caller's, and stays as it
# is.
def normalised_average(model, replies):
    done = []
    for reply in replies:
        if reply.has_content() and reply.content["metrics"]["local-steps"] > 0:
            told = reply.content["metrics"]
            w_k = unpacked(reply.content["arrays"])
            done.append((told["num-examples"], told["local-steps"], w_k))
    n = sum(n_k for n_k, _, _ in done)
    mean_steps = sum(n_k / n * tau_k for n_k, tau_k, _ in done)
    new = {}
    for name in list(model):
        w = model.pop(name)
        mean_step = sum(n_k / n * (w - w_k[name]) / tau_k for n_k, tau_k, w_k in done)
        new[name] = np.asarray(w - mean_steps * mean_step, w.dtype)
    return new


# %% alternative="accumulates" exercise="average"
# Adds client by client, in float64.
def normalised_average(model, replies):
    total = tau = 0.0
    direction = {name: np.zeros(np.shape(w)) for name, w in model.items()}
    for reply in replies:
        if reply.has_error():
            continue
        metrics, arrays = reply.content["metrics"], reply.content["arrays"]
        n_k, tau_k = metrics["num-examples"], metrics["local-steps"]
        if not tau_k:
            continue
        total += n_k
        tau += n_k * tau_k
        for name in model:
            direction[name] += n_k * (model[name] - arrays[name].numpy()) / tau_k
    if not total:
        return {name: w.copy() for name, w in model.items()}
    return {
        name: (w - tau / total * direction[name] / total).astype(w.dtype)
        for name, w in model.items()
    }


# %% alternative="matrix" exercise="average"
# Lays every model out as a vector.
def normalised_average(model, replies):
    def flat(m):
        return np.concatenate([np.ravel(m[name]).astype(float) for name in model])

    good = [r.content for r in replies if r.has_content()]
    good = [c for c in good if c["metrics"]["local-steps"] >= 1]
    if len(good) == 0:
        return model
    n = np.array([c["metrics"]["num-examples"] for c in good], dtype=float)
    tau = np.array([c["metrics"]["local-steps"] for c in good], dtype=float)
    p, w = n / n.sum(), flat(model)
    steps = np.stack([w - flat(unpacked(c["arrays"])) for c in good]) / tau[:, None]
    moved, start, new = w - (p @ tau) * (p @ steps), 0, {}
    for name, array in model.items():
        part = moved[start : start + array.size]
        new[name] = part.reshape(array.shape).astype(array.dtype)
        start += array.size
    return new


# %% alternative="torch" exercise="average"
# Computes with torch.
def normalised_average(model, replies):
    import torch

    told = [r.content for r in replies if not r.has_error()]
    told = [c for c in told if int(c["metrics"]["local-steps"]) != 0]
    if not told:
        return dict(model)
    n = torch.tensor([float(c["metrics"]["num-examples"]) for c in told])
    tau = torch.tensor([float(c["metrics"]["local-steps"]) for c in told])
    p = (n / n.sum()).double()
    scale = float(p @ tau.double())
    new = {}
    for name, w in model.items():
        far = torch.zeros(w.shape, dtype=torch.float64)
        for share, steps, c in zip(p, tau, told, strict=True):
            w_k = np.array(c["arrays"][name].numpy(), dtype=np.float64)
            far += share / steps * torch.from_numpy(np.asarray(w - w_k))
        new[name] = np.asarray(w - scale * far.numpy(), dtype=w.dtype)
    return new


# %% [markdown]
# ## Task 5


# %% mutant="from-the-present-model" exercise="fedbuff"
# You subtracted the client's model from the server's present one: its update starts
# from the model that it was sent.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="no-staleness" exercise="fedbuff"
# You weighted stale updates like fresh ones.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1.0
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="stale-counts-more" exercise="fedbuff"
# You multiplied by the root: the staler an update, the less it counts.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="no-root" exercise="fedbuff"
# You divided by 1 + s: it is the square root of it.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / (1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="root-of-s" exercise="fedbuff"
# You divided by the root of s: it is 1 + s, so that a staleness of 1 counts.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(max(1, version - version_sent))
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="version-for-staleness" exercise="fedbuff"
# You took the server's version for the staleness: it is the version now minus the one
# that was sent.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="sent-version-for-staleness" exercise="fedbuff"
# You took the version that was sent for the staleness: it is the version now minus that
# one.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="staleness-squared" exercise="fedbuff"
# You let staleness count twice.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append(
                    {name: weight**2 * (w_sent[name] - w_k[name]) for name in w}
                )
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="sum-for-mean" exercise="fedbuff"
# You took a step with the sum of the buffer: it is the mean.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer)
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="divides-by-clients" exercise="fedbuff"
# You divided by the number of clients: the mean is over the M updates in the buffer.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / len(
                        list(grid.get_node_ids())
                    )
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="divides-by-weights" exercise="fedbuff"
# You divided by the sum of the weights: the mean is over M, so that stale updates make
# shorter steps.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent, weights = {}, []

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
                weights.append(weight)
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / sum(
                        weights[-buffer_size:]
                    )
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="sign" exercise="fedbuff"
# You added the mean: an update is old minus new, and is subtracted.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] + lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="new-minus-old" exercise="fedbuff"
# You took new minus old for an update, and subtracted it.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_k[name] - w_sent[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="no-lr" exercise="fedbuff"
# You forgot the learning rate.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="copies-count" exercise="fedbuff"
# You took a reply that was delivered twice for two.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            version_sent, w_sent = sent[message_id]
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="copies-are-answered" exercise="fedbuff"
# You answered a reply that was delivered twice with two messages.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                send([reply.metadata.src_node_id])
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="failed-are-lost" exercise="fedbuff"
# You never asked a client again that had failed once.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            if reply.has_content():
                send([reply.metadata.src_node_id])


# %% mutant="failed-fill-the-buffer" exercise="fedbuff"
# You put an empty update into the buffer for a failed client.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            else:
                buffer.append({name: 0 * w[name] for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="errors-raise" exercise="fedbuff"
# You read the content of a reply with an error: it has none.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply:
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="answers-before-the-step" exercise="fedbuff"
# You sent the client the model from before the step.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            send([reply.metadata.src_node_id])
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)


# %% mutant="buffer-never-emptied" exercise="fedbuff"
# You did not empty the buffer after a step.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, buffer[1:]
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="step-per-reply" exercise="fedbuff"
# You took a step with every reply: wait until M updates are in the buffer.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if buffer:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="one-too-many-in-the-buffer" exercise="fedbuff"
# You waited until there are more than M updates in the buffer.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) > buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="version-per-reply" exercise="fedbuff"
# You counted a version for every reply: it goes up with every step.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent, replies = {}, 0

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (replies, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + replies - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
                replies += 1
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="one-update-less" exercise="fedbuff"
# You stopped one step too early.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == max(1, num_updates - 1):
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="one-update-more" exercise="fedbuff"
# You took one step too many.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version > num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="sends-after-the-last" exercise="fedbuff"
# You sent a message after the last step: nobody will wait for its reply.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
            send([reply.metadata.src_node_id])
            if version == num_updates:
                return packed(w)


# %% mutant="version-before" exercise="fedbuff"
# You told on_update the version before the step.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version - 1, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="tells-too-early" exercise="fedbuff"
# You called on_update with the model from before the step.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                on_update(version + 1, packed(w))
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="tells-at-the-end" exercise="fedbuff"
# You called on_update after the last step only.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                if version == num_updates:
                    on_update(version, packed(w))
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="sends-to-all-again" exercise="fedbuff"
# You sent the new model to everybody: only who has replied is free.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send(grid.get_node_ids() if not buffer else [reply.metadata.src_node_id])


# %% mutant="sends-after-the-step-only" exercise="fedbuff"
# You sent the new model to those in the buffer after the step: send a client its next
# message as soon as it has replied.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent, waiting = {}, []

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            waiting.append(reply.metadata.src_node_id)
            if not buffer:
                send(waiting)
                waiting.clear()


# %% mutant="sends-the-first-model" exercise="fedbuff"
# You sent the first model again and again: a client needs the present one.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": arrays, "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="answers-after-the-pull" exercise="fedbuff"
# You answered clients after all replies of a pull had been handled: they go through the
# steps one after another.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        free = []
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            free.append(reply.metadata.src_node_id)
        send(free)


# %% mutant="one-reply-per-pull" exercise="fedbuff"
# You took the first reply of each pull, and lost the others.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])
            break


# %% mutant="only-one-client" exercise="fedbuff"
# You started with one client only.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(list(grid.get_node_ids())[:1])
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="two-messages-at-first" exercise="fedbuff"
# You sent two messages to every client at first.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="config-lost" exercise="fedbuff"
# You sent the model without the config.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": ConfigRecord({})})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="writes-into-the-config" exercise="fedbuff"
# You wrote into the config that you were given.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        config["server-round"] = version
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="float64" exercise="fedbuff"
# You made every array float64: keep the dtype that it had.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * np.float64(mean))}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="in-place" exercise="fedbuff"
# You changed the model in place: the one that clients were sent is the same object, and
# changed with it.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w[name] = np.asarray(w[name] - lr * mean, w[name].dtype)
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="by-position" exercise="fedbuff"
# You took the arrays by their position: a reply may have the names in another order.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = dict(
                    zip(w, unpacked(reply.content["arrays"]).values(), strict=True)
                )
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="no-copy-check-by-node" exercise="fedbuff"
# You kept the model that was sent by client: a copy of an old reply is then taken for
# the next one.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent, by_node = {}, {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))
        by_node.update(
            dict.fromkeys((m.metadata.dst_node_id for m in messages), (version, w))
        )

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            version_sent, w_sent = by_node[reply.metadata.src_node_id]
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="first-array-only" exercise="fedbuff"
# You stepped with the first array only.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in list(w)[:1]:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="rounds-again" exercise="fedbuff"
# You waited for all clients: FedBuff has no rounds, it goes on with every reply.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w = unpacked(arrays)
    for version in range(1, num_updates + 1):
        content = RecordDict({"arrays": packed(w), "config": config})
        node_ids = list(grid.get_node_ids())
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        replies = [r for r in grid.send_and_receive(messages) if r.has_content()]
        models = [unpacked(r.content["arrays"]) for r in replies[:buffer_size]]
        for name in w:
            mean = sum(w[name] - w_k[name] for w_k in models) / buffer_size
            w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
        on_update(version, packed(w))
    return packed(w)


# %% mutant="tells-an-axis-more" exercise="fedbuff"
# You told on_update the models with an axis more, for the version: they have the shapes
# of `arrays`.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                told = {name: array[None] for name, array in w.items()}
                on_update(version, packed(told))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% mutant="notes-in-the-first-model" exercise="fedbuff"
# You wrote the version into the record you were given: the first model is the caller's,
# and stays as it is.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    w, version, buffer = unpacked(arrays), 0, []
    sent = {}

    def send(node_ids):
        content = RecordDict({"arrays": packed(w), "config": config})
        messages = [Message(content, node_id, "train") for node_id in node_ids]
        sent.update(dict.fromkeys(grid.push_messages(messages), (version, w)))

    send(grid.get_node_ids())
    while True:
        for reply in grid.pull_messages(list(sent)):
            message_id = reply.metadata.reply_to_message_id
            if message_id not in sent:
                continue
            version_sent, w_sent = sent.pop(message_id)
            if reply.has_content():
                w_k = unpacked(reply.content["arrays"])
                weight = 1 / math.sqrt(1 + version - version_sent)
                buffer.append({name: weight * (w_sent[name] - w_k[name]) for name in w})
            if len(buffer) == buffer_size:
                for name in w:
                    mean = sum(update[name] for update in buffer) / buffer_size
                    w = {**w, name: np.asarray(w[name] - lr * mean, w[name].dtype)}
                version, buffer = version + 1, []
                arrays["version"] = Array(np.array(version))
                on_update(version, packed(w))
                if version == num_updates:
                    return packed(w)
            send([reply.metadata.src_node_id])


# %% alternative="running-sum" exercise="fedbuff"
# Keeps the sum of the buffer, and the models that were sent by version.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    versions = [unpacked(arrays)]
    zero = {name: np.zeros(w.shape) for name, w in versions[0].items()}
    total, count, pending = dict(zero), 0, {}

    def ask(node_id):
        content = RecordDict({"arrays": packed(versions[-1]), "config": config})
        (number,) = grid.push_messages([Message(content, node_id, "train")])
        pending[number] = len(versions) - 1

    for node_id in grid.get_node_ids():
        ask(node_id)
    while len(versions) <= num_updates:
        for reply in grid.pull_messages(pending.keys()):
            began = pending.pop(reply.metadata.reply_to_message_id, None)
            if began is None or len(versions) > num_updates:
                continue
            if not reply.has_error():
                late = len(versions) - 1 - began
                for name, array in reply.content["arrays"].items():
                    moved = versions[began][name] - array.numpy()
                    total[name] = total[name] + moved / np.sqrt(1 + late)
                count += 1
            if count == buffer_size:
                versions.append(
                    {
                        name: (w - lr * total[name] / count).astype(w.dtype)
                        for name, w in versions[-1].items()
                    }
                )
                total, count = dict(zero), 0
                on_update(len(versions) - 1, packed(versions[-1]))
                if len(versions) > num_updates:
                    break
            ask(reply.metadata.src_node_id)
    return packed(versions[-1])


# %% alternative="queue" exercise="fedbuff"
# Puts what is pulled into a queue, and remembers a client's last message.
from collections import deque


class Server:
    def __init__(self, grid, arrays, config):
        self.grid, self.config = grid, config
        self.model, self.version, self.last, self.queue = arrays, 0, {}, deque()

    def send(self, *node_ids):
        content = RecordDict({"arrays": self.model, "config": self.config})
        for node_id in node_ids:
            (number,) = self.grid.push_messages([Message(content, node_id, "train")])
            self.last[node_id] = (number, self.version, self.model)

    def next_reply(self):
        while True:
            while not self.queue:
                ids = [number for number, _, _ in self.last.values()]
                self.queue.extend(self.grid.pull_messages(ids))
            reply = self.queue.popleft()
            number, version, model = self.last[reply.metadata.src_node_id]
            if reply.metadata.reply_to_message_id == number:
                return reply, version, model


def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    server, buffer = Server(grid, arrays, config), []
    server.send(*grid.get_node_ids())
    while server.version < num_updates:
        reply, version, model = server.next_reply()
        if reply.has_content():
            new, weight = (
                reply.content["arrays"],
                (1 + server.version - version) ** -0.5,
            )
            buffer.append(
                {n: weight * (model[n].numpy() - new[n].numpy()) for n in model}
            )
        if len(buffer) == buffer_size:
            step = {n: np.mean([d[n] for d in buffer], axis=0) for n in model}
            old = unpacked(server.model)
            server.model = packed(
                {
                    n: np.asarray(w - lr * step[n]).astype(w.dtype)
                    for n, w in old.items()
                }
            )
            server.version += 1
            buffer = []
            on_update(server.version, server.model)
        if server.version < num_updates:
            server.send(reply.metadata.src_node_id)
    return server.model


# %% alternative="patient" exercise="fedbuff"
# Pulls with a timeout, and asks again if nothing came.
def fedbuff(grid, arrays, config, *, num_updates, buffer_size, lr, on_update):
    model, version, sent, buffer = unpacked(arrays), 0, {}, []
    free = list(grid.get_node_ids())
    while True:
        content = RecordDict({"arrays": packed(model), "config": config})
        ids = grid.push_messages([Message(content, node, "train") for node in free])
        for message_id in ids:
            sent[message_id] = version, {n: w.copy() for n, w in model.items()}
        free, arrived = [], []
        while not arrived:
            arrived = grid.pull_messages(list(sent), timeout=0.5)
        todo = []
        for reply in arrived:
            if reply.metadata.reply_to_message_id in sent:
                begun = sent.pop(reply.metadata.reply_to_message_id)
                todo.append((reply, begun))
        for reply, (then, start) in todo:
            if reply.has_content():
                got, age = reply.content["arrays"], version - then
                part = {
                    n: (start[n] - got[n].numpy()) / math.sqrt(age + 1) for n in start
                }
                buffer.append(part)
                if len(buffer) >= buffer_size:
                    for n, w in model.items():
                        far = lr * np.stack([b[n] for b in buffer]).mean(axis=0)
                        model[n] = (w - far).astype(w.dtype)
                    version += 1
                    buffer.clear()
                    on_update(version, packed(model))
                    if version >= num_updates:
                        return packed(model)
            content = RecordDict({"arrays": packed(model), "config": config})
            message = Message(content, reply.metadata.src_node_id, "train")
            (message_id,) = grid.push_messages([message])
            sent[message_id] = version, {n: w.copy() for n, w in model.items()}


# %% [markdown]
# ## Task 6


# %% mutant="same-node-again" exercise="reassign"
# You sent the piece to the node that had just failed at it.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) == max_tries or not others:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, reply.metadata.src_node_id, kind)
            pending[grid.push_messages([again])[0]] = piece
    return replies


# %% mutant="failed-nodes-again" exercise="reassign"
# You left out the last node that failed only: a node that failed at the piece before is
# asked again.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [[] for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            failed_on[piece].append(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n != reply.metadata.src_node_id]
            if len(failed_on[piece]) == max_tries or not others:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, others[0], kind)
            pending[grid.push_messages([again])[0]] = piece
    return replies


# %% mutant="tries-once-more" exercise="reassign"
# You allowed one try more than max_tries.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) > max_tries or not others:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, others[0], kind)
            pending[grid.push_messages([again])[0]] = piece
    return replies


# %% mutant="tries-once-less" exercise="reassign"
# You allowed one try less than max_tries.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) >= max(1, max_tries - 1) or not others:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, others[0], kind)
            pending[grid.push_messages([again])[0]] = piece
    return replies


# %% mutant="tries-together" exercise="reassign"
# You counted the failures of all pieces together: each piece has its own tries.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if sum(map(len, failed_on)) == max_tries or not others:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, others[0], kind)
            pending[grid.push_messages([again])[0]] = piece
    return replies


# %% mutant="never-gives-up" exercise="reassign"
# You never gave up.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, others[0], kind)
            pending[grid.push_messages([again])[0]] = piece
    return replies


# %% mutant="no-limit-on-tries" exercise="reassign"
# You tried all nodes, however many tries were allowed.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if not others:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, others[0], kind)
            pending[grid.push_messages([again])[0]] = piece
    return replies


# %% mutant="no-node-left" exercise="reassign"
# You did not expect that no node is left to try.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) == max_tries:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, others[0], kind)
            pending[grid.push_messages([again])[0]] = piece
    return replies


# %% mutant="another-exception" exercise="reassign"
# You raised another exception: a RuntimeError was asked for.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) == max_tries or not others:
                raise ValueError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, others[0], kind)
            pending[grid.push_messages([again])[0]] = piece
    return replies


# %% mutant="gives-none" exercise="reassign"
# You returned None for a piece that could not be done: give up with RuntimeError.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) == max_tries or not others:
                continue
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, others[0], kind)
            pending[grid.push_messages([again])[0]] = piece
    return replies


# %% mutant="errors-returned" exercise="reassign"
# You returned the error: another node can do the piece.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            replies[piece] = reply
            if reply.has_content() or reply.has_error():
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) == max_tries or not others:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, others[0], kind)
            pending[grid.push_messages([again])[0]] = piece
    return replies


# %% mutant="drops-failed-pieces" exercise="reassign"
# You left out the pieces that failed.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) == max_tries or not others:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, others[0], kind)
            pending[grid.push_messages([again])[0]] = piece
    return [reply for reply in replies if reply]


# %% mutant="order-of-arrival" exercise="reassign"
# You returned the replies in the order of their arrival: asked for is the order of the
# pieces.
def finish_all(grid, messages, max_tries):
    replies = []
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                replies.append(reply)
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) == max_tries or not others:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, others[0], kind)
            pending[grid.push_messages([again])[0]] = piece
    return replies


# %% mutant="order-of-nodes" exercise="reassign"
# You sorted the replies by node: after a failure that is not the order of the pieces.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) == max_tries or not others:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, others[0], kind)
            pending[grid.push_messages([again])[0]] = piece
    return sorted(replies, key=lambda reply: reply.metadata.src_node_id)


# %% mutant="copies-break-it" exercise="reassign"
# You did not expect a reply to be delivered twice.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id)
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) == max_tries or not others:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, others[0], kind)
            pending[grid.push_messages([again])[0]] = piece
    return replies


# %% mutant="copies-of-errors" exercise="reassign"
# You sent a piece again twice because its error was delivered twice.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    known = dict(pending)
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = known[reply.metadata.reply_to_message_id]
            pending.pop(reply.metadata.reply_to_message_id, None)
            if reply.has_content():
                replies[piece] = reply
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) == max_tries or not others:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, others[0], kind)
            known.update(dict.fromkeys(grid.push_messages([again]), piece))
            pending = {i: p for i, p in known.items() if replies[p] is None}
    return replies


# %% mutant="content-lost" exercise="reassign"
# You sent the model only: what the piece is stands in the other records.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) == max_tries or not others:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(
                RecordDict({"arrays": messages[piece].content["arrays"]}),
                others[0],
                kind,
            )
            pending[grid.push_messages([again])[0]] = piece
    return replies


# %% mutant="another-piece" exercise="reassign"
# You sent the first piece's content in place of the one that failed.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) == max_tries or not others:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(messages[0].content, others[0], kind)
            pending[grid.push_messages([again])[0]] = piece
    return replies


# %% mutant="all-pieces-again" exercise="reassign"
# You sent all pieces again when one had failed.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) == max_tries or not others:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, others[0], kind)
            pending[grid.push_messages([again])[0]] = piece
            for p, message in enumerate(messages):
                if p != piece and replies[p] is None:
                    copy = Message(message.content, message.metadata.dst_node_id, kind)
                    pending[grid.push_messages([copy])[0]] = p
    return replies


# %% mutant="sent-to-everybody" exercise="reassign"
# You sent the piece to all other nodes: one is enough, and a piece is done once.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) == max_tries or not others:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            for other in others:
                again = Message(messages[piece].content, other, kind)
                pending[grid.push_messages([again])[0]] = piece
    return replies


# %% mutant="blacklist" exercise="reassign"
# You asked no node again that had failed at any piece: it may be able to do this one.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    bad, tries = set(), [0] * len(messages)
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            bad.add(reply.metadata.src_node_id)
            tries[piece] += 1
            others = [n for n in grid.get_node_ids() if n not in bad]
            if tries[piece] == max_tries or not others:
                raise RuntimeError(f"piece {piece} failed")
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, others[0], kind)
            pending[grid.push_messages([again])[0]] = piece
    return replies


# %% mutant="next-node-without-end" exercise="reassign"
# You took the node with the next number: after the last one there is none.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) == max_tries or not others:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(
                messages[piece].content, reply.metadata.src_node_id + 1, kind
            )
            pending[grid.push_messages([again])[0]] = piece
    return replies


# %% mutant="by-node" exercise="reassign"
# You went by node, not by message: a node can have several pieces.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    ids = list(grid.push_messages(messages))
    at = {m.metadata.dst_node_id: p for p, m in enumerate(messages)}
    pending = dict(zip(ids, range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            piece = None if piece is None else at[reply.metadata.src_node_id]
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) == max_tries or not others:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, others[0], kind)
            at[others[0]] = piece
            pending[grid.push_messages([again])[0]] = piece
    return replies


# %% mutant="pulls-the-first-ids-only" exercise="reassign"
# You pulled the replies to the first messages only: those that you sent again are not
# among them.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    ids = list(pending)
    while pending:
        for reply in grid.pull_messages(ids):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) == max_tries or not others:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, others[0], kind)
            pending[grid.push_messages([again])[0]] = piece
    return replies


# %% mutant="first-good-is-lost" exercise="reassign"
# You waited for one reply at a time, and lost those that came with it.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in list(grid.pull_messages(list(pending)))[:1]:
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                replies[piece] = reply
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) == max_tries or not others:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, others[0], kind)
            pending[grid.push_messages([again])[0]] = piece
    return replies


# %% mutant="in-waves" exercise="reassign"
# You waited for all pieces before you sent the failed ones again: send them as soon as
# they fail.
def finish_all(grid, messages, max_tries):
    replies, failed_on = [None] * len(messages), [set() for _ in messages]
    todo = dict(enumerate(messages))
    while todo:
        ids = dict(zip(grid.push_messages(todo.values()), todo, strict=True))
        waiting, failed = set(ids), {}
        while waiting:
            for reply in grid.pull_messages(waiting):
                if reply.metadata.reply_to_message_id not in waiting:
                    continue
                waiting.remove(reply.metadata.reply_to_message_id)
                piece = ids[reply.metadata.reply_to_message_id]
                if reply.has_content():
                    replies[piece] = reply
                else:
                    failed_on[piece].add(reply.metadata.src_node_id)
                    failed[piece] = messages[piece]
        todo = {}
        for piece, message in failed.items():
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) == max_tries or not others:
                raise RuntimeError(f"piece {piece} failed")
            kind = message.metadata.message_type
            todo[piece] = Message(message.content, others[0], kind)
    return replies


# %% mutant="waits-for-all-and-fails" exercise="reassign"
# You sent every piece once: what fails has to be sent to another node.
def finish_all(grid, messages, max_tries):
    replies = grid.send_and_receive(messages)
    if any(reply.has_error() for reply in replies):
        raise RuntimeError("a piece failed")
    return list(replies)


# %% mutant="one-piece-at-a-time" exercise="reassign"
# You had one piece done after the other: send all of them at once.
def finish_all(grid, messages, max_tries):
    replies = []
    for message in messages:
        failed_on, node_id = set(), message.metadata.dst_node_id
        while True:
            kind = message.metadata.message_type
            ids = grid.push_messages([Message(message.content, node_id, kind)])
            reply = grid.pull_messages(ids)[0]
            if reply.has_content():
                break
            failed_on.add(node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on]
            if len(failed_on) == max_tries or not others:
                raise RuntimeError("a piece failed")
            node_id = others[0]
        replies.append(reply)
    return replies


# %% mutant="empties-the-replies" exercise="reassign"
# You took the arrays out of the replies, to save memory: the caller reads them next.
def finish_all(grid, messages, max_tries):
    replies = [None] * len(messages)
    failed_on = [set() for _ in messages]
    pending = dict(zip(grid.push_messages(messages), range(len(messages)), strict=True))
    while pending:
        for reply in grid.pull_messages(list(pending)):
            piece = pending.pop(reply.metadata.reply_to_message_id, None)
            if piece is None:
                continue
            if reply.has_content():
                for name in reply.content["arrays"]:
                    reply.content["arrays"][name] = Array(np.zeros(0))
                replies[piece] = reply
                continue
            failed_on[piece].add(reply.metadata.src_node_id)
            others = [n for n in grid.get_node_ids() if n not in failed_on[piece]]
            if len(failed_on[piece]) == max_tries or not others:
                raise RuntimeError(f"piece {piece} failed on {failed_on[piece]}")
            kind = messages[piece].metadata.message_type
            again = Message(messages[piece].content, others[0], kind)
            pending[grid.push_messages([again])[0]] = piece
    return replies


# %% alternative="takes-turns" exercise="reassign"
# Goes round the nodes, starting behind the one that failed.
def finish_all(grid, messages, max_tries):
    messages = list(messages)
    ids = list(grid.push_messages(messages))
    piece_of = {message_id: piece for piece, message_id in enumerate(ids)}
    tried = {piece: [m.metadata.dst_node_id] for piece, m in enumerate(messages)}
    answers, seen = {}, set()
    while len(answers) < len(messages):
        for reply in grid.pull_messages([i for i in piece_of if i not in seen]):
            number = reply.metadata.reply_to_message_id
            if number in seen:
                continue
            seen.add(number)
            piece = piece_of[number]
            if not reply.has_error():
                answers[piece] = reply
                continue
            nodes = sorted(grid.get_node_ids())
            place = nodes.index(tried[piece][-1])
            rest = [n for n in nodes[place:] + nodes[:place] if n not in tried[piece]]
            if not rest or len(tried[piece]) >= max_tries:
                raise RuntimeError("cannot be done")
            tried[piece].append(rest[0])
            message = Message(
                messages[piece].content,
                dst_node_id=rest[0],
                message_type=messages[piece].metadata.message_type,
            )
            for new in grid.push_messages([message]):
                piece_of[new] = piece
    return [answers[piece] for piece in range(len(messages))]


# %% alternative="least-busy" exercise="reassign"
# Sends one by one, and again to the node that has least to do.
from collections import Counter


def finish_all(grid, messages, max_tries):
    done, tried, waiting, load = {}, {}, {}, Counter()

    def send(piece, message):
        node_id = message.metadata.dst_node_id
        tried.setdefault(piece, set()).add(node_id)
        load[node_id] += 1
        (message_id,) = grid.push_messages([message])
        waiting[message_id] = piece, message

    for piece, message in enumerate(messages):
        send(piece, message)
    while waiting:
        for reply in grid.pull_messages(waiting):
            if reply.metadata.reply_to_message_id not in waiting:
                continue
            piece, message = waiting.pop(reply.metadata.reply_to_message_id)
            load[message.metadata.dst_node_id] -= 1
            if reply.has_content():
                done[piece] = reply
            else:
                free = set(grid.get_node_ids()) - tried[piece]
                if not free or len(tried[piece]) >= max_tries:
                    raise RuntimeError(f"gave up on piece {piece}")
                node_id = min(sorted(free), key=load.__getitem__)
                kind = message.metadata.message_type
                send(piece, Message(message.content, node_id, kind))
    return [done[piece] for piece in sorted(done)]


# %% alternative="at-random" exercise="reassign"
# Picks any other node.
import random


class GivenUp(RuntimeError):
    pass


def finish_all(grid, messages, max_tries):
    results = {}
    work = [[m, set()] for m in messages]
    ids = {i: n for n, i in enumerate(grid.push_messages(messages))}
    while len(results) < len(work):
        replies = grid.pull_messages(list(ids), timeout=1.0)
        for reply in replies:
            n = ids.pop(reply.metadata.reply_to_message_id, -1)
            if n < 0:
                pass
            elif reply.has_content():
                results[n] = reply
            else:
                message, bad = work[n]
                bad.add(reply.metadata.src_node_id)
                choices = [i for i in grid.get_node_ids() if i not in bad]
                if not choices or len(bad) >= max_tries:
                    raise GivenUp(n)
                kind = message.metadata.message_type
                new = Message(message.content, random.choice(choices), kind)
                ids[list(grid.push_messages([new]))[0]] = n
    return [results[n] for n in range(len(work))]
