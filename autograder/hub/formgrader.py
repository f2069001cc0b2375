"""To come."""


def _load_jupyter_server_extension(server_app):
    pass
