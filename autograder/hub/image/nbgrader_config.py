"""nbgrader on a cluster: the exchange is ngshare, over HTTP, not a shared folder.

Copied to /etc/jupyter/nbgrader_config.py of the images. Who somebody is, ngshare learns
from the token of the server that asks.
"""

import os

from ngshare_exchange import configureExchange

c = get_config()  # noqa: F821 - traitlets puts it here
# Empty means ngshare's address in a cluster, behind the hub's proxy.
configureExchange(c, os.environ.get("NGSHARE_URL"))
c.CourseDirectory.course_id = os.environ.get("COURSE_ID", "")
c.CourseDirectory.root = os.environ.get("COURSE_ROOT", "")
