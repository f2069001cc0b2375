"""A course on a cluster: what Kubernetes is told, made from the course folder.

`manifests` fills the templates that stand here; `exchange` tells ngshare, which is a
cluster's exchange, who is in the course. README.md beside this file says what runs
where, how many students a node holds, and what of it was never run.
"""

from autograder.hub.kubernetes.exchange import Roster, update_roster
from autograder.hub.kubernetes.manifests import Images, manifests

__all__ = ["Images", "Roster", "manifests", "update_roster"]
