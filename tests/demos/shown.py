"""A page with a demo, for tests that look at it."""

SIZE = {"width": 1920, "height": 1080}


class Shown:
    """A page with a demo, what it asked the network for, and what went wrong in it."""

    def __init__(self, page):
        self.page, self.requests, self.errors = page, [], []
        page.on("request", self._note)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _note(self, request):
        if not request.url.startswith(("file:", "blob:", "data:")):
            self.requests.append(request.url)

    def open(self, path, text=""):
        self.page.goto(f"file://{path}" + (f"#{text}" if text else ""))
        self.page.wait_for_selector("[data-ready=true]")

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def wait_drawn(self, at):
        drawn = ",".join(str(position) for position in at)
        self.page.wait_for_selector(f'[data-drawn="{drawn}"]')

    def text(self, part):
        return self.page.locator(f".lk-{part}").first.inner_text()

    @property
    def state(self):
        return self.page.evaluate("demo.then((shown) => shown.text())")
