"""A person with a browser: what they click on the hub, in their own words."""

import re
from pathlib import Path

SHOTS = Path(__file__).parents[2] / "build" / "hub-screenshots"
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update"),
    "--disable-sync",
]
PATIENCE_MS = 60_000


class Person:
    """Somebody with a browser of their own.

    Parameters
    ----------
    browser : playwright's Browser
    address : str
        The hub's.
    name : str
        As whom to log in.
    left : set
        Where addresses of requests that leave this machine are put.
    """

    def __init__(self, browser, address, name, left):
        self.name, self.address, self._left = name, address, left
        size = {"width": 1400, "height": 1000}
        self.context = browser.new_context(viewport=size)
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.on("request", self._note)
        self.page = self.context.new_page()
        self._num_shots, self._desk = 0, None

    def _note(self, request):
        own = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:")
        if not request.url.startswith(own):
            self._left.add(request.url)

    def shoot(self, what):
        """Keep a picture of the page."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self._num_shots += 1
        path = SHOTS / f"{self.name}-{self._num_shots:02d}-{what}.png"
        self.page.screenshot(path=path)

    def log_in(self, password):
        """Log in and wait for JupyterLab."""
        page = self.page
        page.goto(f"{self.address}/hub/login")
        page.fill("#username_input", self.name)
        page.fill("#password_input", password)
        page.click("#login_submit")
        page.wait_for_url(re.compile(f"/user/{self.name}/"), timeout=2 * PATIENCE_MS)
        self.open_lab()

    def open_lab(self, path="lab?reset"):
        """Open JupyterLab at a path of it."""
        self.page.goto(f"{self.address}/user/{self.name}/{path}")
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")
        self.page.wait_for_selector("#jp-main-dock-panel")

    def menu(self, *labels):
        """Choose something from the menus."""
        first, *rest = labels
        self.page.locator(f".lm-MenuBar-itemLabel:text-is('{first}')").click()
        for label in rest:
            self.page.locator(f".lm-Menu-itemLabel:text-is('{label}')").click()

    def assignment_list(self):
        """Open the Assignment List; return it."""
        self.menu("Nbgrader", "Assignment List")
        return self.page.locator("#assignments").locator("visible=true")

    def put(self, path, notebook):
        """Save a notebook's text to one's own home, as its editor would."""
        cookies = {c["name"]: c for c in self.context.cookies()}
        mine = [
            c
            for c in self.context.cookies()
            if c["name"] == "_xsrf" and c["path"] == f"/user/{self.name}/"
        ]
        assert mine, cookies
        answer = self.context.request.put(
            f"{self.address}/user/{self.name}/api/contents/{path}",
            data={"type": "file", "format": "text", "content": notebook},
            headers={"X-XSRFToken": mine[0]["value"]},
        )
        assert answer.ok, answer.text()

    def text(self, path):
        """Return the text of a file in one's own home."""
        answer = self._ask(
            f"user/{self.name}/api/contents/{path}?format=text&type=file"
        )
        return answer.json()["content"]

    def listing(self, folder):
        """Return the names of what stands in a folder of one's own home."""
        answer = self._ask(f"user/{self.name}/api/contents/{folder}")
        return [entry["name"] for entry in answer.json()["content"]]

    def files(self, folder):
        """Return the paths of all files below a folder of one's own home."""
        answer = self._ask(f"user/{self.name}/api/contents/{folder}")
        found = []
        for entry in answer.json()["content"]:
            is_folder = entry["type"] == "directory"
            found += self.files(entry["path"]) if is_folder else [entry["path"]]
        return found

    def status(self, address):
        """Return with which status the hub answers this person at an address."""
        return self.context.request.get(f"{self.address}/{address}").status

    def _ask(self, address):
        answer = self.context.request.get(f"{self.address}/{address}")
        assert answer.ok, answer.text()
        return answer

    def assignment_button(self, part, label):
        """Return a button of the Assignment List: part "released", "fetched", ..."""
        panel = self.page.locator("#nbgrader-assignment-list")
        if not panel.count():
            self.menu("Nbgrader", "Assignment List")
        rows = panel.locator(f"#{part}_assignments_list")
        return rows.locator(f"button:text-is('{label}')").first

    def validate(self, lab):
        """Press Validate in the notebook's toolbar; return what the dialog says."""
        self.open_lab(f"lab/tree/{lab}/{lab}.ipynb?reset")
        self.page.locator(".jp-NotebookPanel-toolbar >> text=Validate").click()
        message = self.page.locator("#validation-message")
        message.wait_for()
        self.shoot("validated")
        said = message.inner_text()
        self.page.locator(".jp-Dialog button.jp-mod-accept").click()
        return said

    def feedback(self, lab):
        """Fetch the feedback and open it as the Assignment List offers; return it."""
        self.open_lab()
        self.assignment_button("submitted", "Fetch Feedback").click()
        self.page.locator("text=(view feedback)").first.click()
        item = self.page.locator(f".jp-DirListing-item:has-text('{lab}.html')")
        item.dblclick()
        frame = self.page.frame_locator(".jp-HTMLViewer iframe")
        frame.locator("body").wait_for()
        frame.locator("text=/./").first.wait_for()
        self.shoot("feedback")
        return frame.locator("body").inner_text()

    def course_desk(self):
        """Open formgrader from the Course List, in the tab that it opens; once."""
        if self._desk is not None:
            return self._desk
        self.menu("Nbgrader", "Course List")
        link = self.page.locator("#nbgrader-course-list a").first
        link.wait_for()
        self.shoot("courses")
        with self.context.expect_page() as opened:
            link.click()
        self._desk = Desk(self, opened.value)
        return self._desk


class Desk:
    """Formgrader, in a tab of one of the staff."""

    def __init__(self, person, page):
        self._person, self.page = person, page
        page.wait_for_url("**/formgrader/**")

    def click(self, row, action):
        """Click the symbol in the column `action` of the row that names `row`."""
        found = self.page.locator("tr", has_text=row).first
        found.locator(f"td.{action} a").first.click()

    def said(self):
        """Wait for the dialog, return what it says, and close it."""
        dialog = self.page.locator(".modal.in, .modal.show").first
        dialog.wait_for(timeout=3 * PATIENCE_MS)
        self._person.page, page = self.page, self._person.page
        self._person.shoot("desk")
        self._person.page = page
        text = dialog.inner_text()
        dialog.locator("button", has_text="OK").first.click()
        dialog.wait_for(state="hidden")
        return text

    def open_submissions(self, lab):
        """Open the list of hand-ins."""
        self.page.goto(f"{self._base()}/manage_submissions/{lab}")

    def open_assignments(self):
        """Open the list of labs."""
        self.page.goto(f"{self._base()}/manage_assignments")

    def open_submission(self, lab, student):
        """Open what a student handed in, for marking."""
        base = self._base()
        listed = f"{base}/api/submitted_notebooks/{lab}/{lab}"
        rows = self.page.context.request.get(listed).json()
        (number,) = [row["id"] for row in rows if row["student"] == student]
        self.page.goto(f"{base}/submissions/{number}/", wait_until="networkidle")
        self._person.page, page = self.page, self._person.page
        self._person.shoot("submission")
        self._person.page = page

    def _base(self):
        return re.match(r".*/formgrader", self.page.url)[0]
