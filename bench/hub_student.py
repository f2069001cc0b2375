"""A student who uses the hub as a browser does, over HTTP, without one."""

import asyncio
import json
import uuid
from types import TracebackType
from typing import Any

import httpx
from websockets.asyncio.client import connect

from bench.hub_course import COURSE_ID, LAB, PASSWORD

NOTEBOOK = f"{LAB}/{LAB}.ipynb"
_PATIENCE_S = 600
_POLL_S = 1.0


class Student:
    """One person with cookies of their own.

    Parameters
    ----------
    address : str
        The hub's.
    name : str
        Whom to log in as.
    """

    def __init__(self, address: str, name: str) -> None:
        self.name = name
        self.num_refusals = 0  # "too many at once, come again"
        self._http = httpx.AsyncClient(
            base_url=address, follow_redirects=True, timeout=_PATIENCE_S
        )

    async def __aenter__(self) -> "Student":
        """Open a browser, so to speak."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        await self._http.aclose()

    async def log_in(self) -> None:
        """Send the login form."""
        _good(await self._http.get("/hub/login"))
        form = {
            "username": self.name,
            "password": PASSWORD,
            "_xsrf": self._http.cookies.get("_xsrf", path="/hub/"),
        }
        answer = await self._http.post("/hub/login?next=/hub/home", data=form)
        if _good(answer).url.path != "/hub/home":
            raise RuntimeError(f"no login: ended at {answer.url.path}")

    async def start_server(self) -> None:
        """Start the own server and wait for its first page."""
        while True:
            answer = await self._http.get("/hub/spawn")
            if answer.status_code not in (429, 503):
                break
            self.num_refusals += 1
            await asyncio.sleep(float(answer.headers.get("Retry-After", 10)))
        _good(answer)
        while True:
            answer = await self._http.get(self._own("course"), follow_redirects=False)
            where = answer.headers.get("Location", "")
            if answer.status_code == 200 or "oauth2/authorize" in where:
                break
            if answer.status_code >= 400 and answer.status_code not in (424, 503):
                _good(answer)
            await asyncio.sleep(_POLL_S)
        await self.see_start_page()

    async def see_start_page(self) -> None:
        """Open the course's page, which names the lab."""
        answer = _good(await self._http.get(self._own("course")))
        if LAB not in answer.text:
            raise RuntimeError(f"no start page: ended at {answer.url.path}")

    async def list_labs(self) -> list[dict[str, Any]]:
        """Ask the Assignment List."""
        answer = await self._http.get(
            self._own("assignments"), params={"course_id": COURSE_ID}
        )
        return _listed(answer)

    async def fetch(self) -> None:
        """Fetch the lab."""
        labs = await self._act("fetch")
        if not any(lab["status"] == "fetched" for lab in labs):
            raise RuntimeError("the lab was not fetched")

    async def write(self, source: str) -> None:
        """Open the notebook, write into its first empty answer, save it."""
        url = self._own(f"api/contents/{NOTEBOOK}")
        model = _good(await self._http.get(url)).json()
        for cell in model["content"]["cells"]:
            if "raise NotImplementedError" in cell["source"]:
                cell["source"] = source
                break
        _good(await self._call("PUT", f"api/contents/{NOTEBOOK}", json=model))

    async def submit(self) -> None:
        """Hand the lab in, and see it in the list."""
        labs = await self._act("submit")
        if not any(lab["status"] == "submitted" for lab in labs):
            raise RuntimeError("the hand-in is not listed")

    async def open_kernel(self) -> str:
        """Open the lab as JupyterLab does; return the kernel's id."""
        _good(await self._http.get(self._own(f"lab/tree/{NOTEBOOK}")))
        name = {"name": "python3"}
        answer = await self._call("POST", "api/kernels", json=name)
        return str(_good(answer).json()["id"])

    async def run(self, kernel: str, sources: list[str]) -> None:
        """Run cells in a kernel, one after the other; the first error is raised."""
        cookies = "; ".join(f"{c.name}={c.value}" for c in self._http.cookies.jar)
        base = str(self._http.base_url).replace("http", "ws", 1).rstrip("/")
        url = f"{base}{self._own('api/kernels')}/{kernel}/channels"
        async with connect(
            url, additional_headers={"Cookie": cookies}, max_size=None
        ) as socket:
            for source in sources:
                await _execute(socket, source)

    async def stop_server(self) -> None:
        """Stop the own server, from the control panel."""
        token = self._http.cookies.get("_xsrf", path="/hub/")
        answer = await self._http.delete(
            f"/hub/api/users/{self.name}/server", headers={"X-XSRFToken": token}
        )
        _good(answer)

    async def _act(self, action: str) -> list[dict[str, Any]]:
        form = {"course_id": COURSE_ID, "assignment_id": LAB}
        return _listed(await self._call("POST", f"assignments/{action}", data=form))

    async def _call(self, method: str, path: str, **body: Any) -> httpx.Response:
        token = self._http.cookies.get("_xsrf", path=f"/user/{self.name}/")
        headers = {"X-XSRFToken": token or ""}
        return await self._http.request(
            method, self._own(path), headers=headers, **body
        )

    def _own(self, path: str) -> str:
        return f"/user/{self.name}/{path}"


def _good(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        raise RuntimeError(
            f"{answer.request.method} {answer.url.path}: {answer.status_code} "
            f"{answer.text[:200]}"
        )
    return answer


def _listed(answer: httpx.Response) -> list[dict[str, Any]]:
    content = _good(answer).json()
    if not content["success"]:
        raise RuntimeError(str(content["value"])[-300:])
    labs: list[dict[str, Any]] = content["value"]
    return labs


async def _execute(socket: Any, source: str) -> None:
    header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request"}
    header |= {"username": "", "session": uuid.uuid4().hex, "version": "5.3"}
    content = {"code": source, "silent": False, "store_history": False}
    content |= {"user_expressions": {}, "allow_stdin": False, "stop_on_error": True}
    message = {"header": header, "parent_header": {}, "metadata": {}}
    await socket.send(json.dumps(message | {"content": content, "channel": "shell"}))
    error = ""
    while True:
        said = json.loads(await socket.recv())
        if said["parent_header"].get("msg_id") != header["msg_id"]:
            continue
        if said["msg_type"] == "error":
            error = f"{said['content']['ename']}: {said['content']['evalue']}"
        if said["content"].get("execution_state") == "idle":
            break
    if error:
        raise RuntimeError(error)
