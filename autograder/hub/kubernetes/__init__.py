"""A course on a cluster: what Kubernetes is told, and what its exchange is told.

* `manifests`  the files for Kubernetes, from the course folder
* `ngshare`    the connection to the exchange; `roster`: who is in the course;
               `release`: a lab for all; `feedback`: to each student their own page

README.md beside this file says what runs where, how many students a node holds, and
what of it was never run.
"""

from autograder.hub.kubernetes.feedback import Released, release_feedback
from autograder.hub.kubernetes.manifests import Images, manifests
from autograder.hub.kubernetes.ngshare import Ngshare, connected
from autograder.hub.kubernetes.release import release_lab
from autograder.hub.kubernetes.roster import Roster, update_roster

__all__ = [
    "Images",
    "Ngshare",
    "Released",
    "Roster",
    "connected",
    "manifests",
    "release_feedback",
    "release_lab",
    "update_roster",
]
