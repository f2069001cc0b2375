"""What JupyterHub loads: this course's hub, put together from the modules beside it.

The command `autograder hub` starts JupyterHub with it and says by environment variables
which course it is for.
"""

import os
from pathlib import Path

from autograder.hub.authentication import BY_NAME
from autograder.hub.folders import HubFolders
from autograder.hub.people import settings_of
from autograder.hub.proxy import find_proxy
from autograder.hub.services import SERVER_SCOPES, groups, roles, services
from autograder.hub.spawner import ClassroomSpawner

course = Path(os.environ["AUTOGRADER_COURSE"])
root = Path(os.environ["AUTOGRADER_ROOT"])
ip = os.environ["AUTOGRADER_HUB_IP"]
port = int(os.environ["AUTOGRADER_HUB_PORT"])
settings = settings_of(course)
folders = HubFolders(course)

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - JupyterHub's

# Addresses: the door, and three ports beside it for this machine alone.
c.JupyterHub.bind_url = f"http://{ip}:{port}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{port + 1}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{port + 2}"
c.ConfigurableHTTPProxy.command = [find_proxy(root)]
c.ConfigurableHTTPProxy.pid_file = str(folders.hub / "proxy.pid")

c.JupyterHub.db_url = f"sqlite:///{folders.database}"
c.JupyterHub.cookie_secret_file = str(folders.hub / "cookie_secret")
c.JupyterHub.pid_file = str(folders.hub / "jupyterhub.pid")
# A hub that is stopped leaves the servers running, and finds them again; not a demo.
c.JupyterHub.cleanup_servers = settings.hub.authenticator == "dummy"

c.JupyterHub.authenticator_class = BY_NAME[settings.hub.authenticator]
c.ByRoster.course = str(course)
c.Authenticator.admin_users = set(settings.staff.instructors)
c.NativeAuthenticator.enable_signup = False
c.NativeAuthenticator.check_common_password = True
c.NativeAuthenticator.minimum_password_length = 8
c.NativeAuthenticator.allowed_failed_logins = 10
c.PAMAuthenticator.open_sessions = False
if settings.hub.authenticator == "dummy":
    c.DummyByRoster.password = os.environ["AUTOGRADER_DEMO_PASSWORD"]
    c.JupyterHub.template_vars = {
        "announcement_login": (
            "DEMO. One password lets anybody in as anybody: for this machine only, "
            "never for a course."
        )
    }
elif settings.hub.authenticator == "native":
    import nativeauthenticator

    templates = Path(nativeauthenticator.__file__).parent / "templates"
    c.JupyterHub.template_paths = [str(templates)]

c.JupyterHub.spawner_class = ClassroomSpawner
c.ClassroomSpawner.course = str(course)
c.ClassroomSpawner.root = str(root)
c.Spawner.mem_limit = settings.hub.memory_bytes
c.Spawner.cpu_limit = settings.hub.cpus
c.Spawner.default_url = "/course"  # the start page
c.Spawner.server_token_scopes = SERVER_SCOPES
c.Spawner.poll_interval = 10
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120
c.JupyterHub.concurrent_spawn_limit = 10

c.JupyterHub.load_groups = groups(course)
c.JupyterHub.load_roles = roles(course)
c.JupyterHub.services = services(course, root, port + 3)
