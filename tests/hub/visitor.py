"""Somebody who uses the hub over HTTP, as a browser would, without one."""

import json
import time
import uuid

import httpx

PASSWORD = "fedavg"


class Visitor(httpx.Client):
    """A person with cookies of their own.

    Parameters
    ----------
    address : str
        The hub's, such as http://127.0.0.1:8000.
    name : str
        Whom to log in as.
    """

    def __init__(self, address, name):
        super().__init__(base_url=address, follow_redirects=True, timeout=60)
        self.name = name

    def log_in(self, password=PASSWORD):
        """Send the login form; return the page that it led to."""
        self.get("/hub/login").raise_for_status()
        form = {"username": self.name, "password": password}
        form["_xsrf"] = self.cookies.get("_xsrf", path="/hub/")
        return self.post("/hub/login", data=form)

    def start_server(self, within_s=120):
        """Start one's own server, and wait until it answers."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            self.get("/hub/spawn")
            # A page, because it brings the cookies that other requests need.
            answer = self.get(self.own("lab"))
            if answer.status_code == 200 and answer.url.path == self.own("lab"):
                return self
            time.sleep(0.3)
        raise AssertionError(f"no server of {self.name}: {answer} {answer.text[:300]}")

    def own(self, path):
        """Return the address of something on one's own server."""
        return f"/user/{self.name}/{path}"

    def call(self, method, path, **arguments):
        """Send a request with a body to one's own server."""
        token = self.cookies.get("_xsrf", path=f"/user/{self.name}/")
        return self.request(
            method, self.own(path), headers={"X-XSRFToken": token}, **arguments
        )

    def run(self, code, within_s=60):
        """Run Python in a new kernel of one's own server; return what it printed."""
        import websockets.sync.client

        kernel = self.call("POST", "api/kernels", json={"name": "python3"}).json()
        cookies = "; ".join(f"{c.name}={c.value}" for c in self.cookies.jar)
        address = str(self.base_url).replace("http", "ws").rstrip("/")
        url = f"{address}{self.own('api/kernels')}/{kernel['id']}/channels"
        with websockets.sync.client.connect(
            url, additional_headers={"Cookie": cookies}, max_size=None
        ) as socket:
            return _printed(socket, code, within_s)


def _printed(socket, code, within_s):
    header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request"}
    header |= {"username": "", "session": uuid.uuid4().hex, "version": "5.3"}
    content = {"code": code, "silent": False, "store_history": False}
    content |= {"user_expressions": {}, "allow_stdin": False, "stop_on_error": True}
    request = {"header": header, "parent_header": {}, "metadata": {}}
    socket.send(json.dumps({**request, "content": content, "channel": "shell"}))
    text = []
    while True:
        message = json.loads(socket.recv(timeout=within_s))
        if message["parent_header"].get("msg_id") != header["msg_id"]:
            continue
        kind, body = message["msg_type"], message["content"]
        if kind == "stream":
            text.append(body["text"])
        elif kind == "error":
            text.append(f"{body['ename']}: {body['evalue']}")
        elif kind == "status" and body["execution_state"] == "idle":
            return "".join(text)
