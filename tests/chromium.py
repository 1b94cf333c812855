"""Headless Chromium driven over a pipe by its own protocol, for tests of pages."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
KEYS = {  # what the page sees of a key, and its code in the protocol
    "ArrowRight": 39,
    "ArrowLeft": 37,
    "Tab": 9,
    "Enter": 13,
    "Escape": 27,
    "Home": 36,
}
PATIENCE = 60  # seconds for one answer


class Page:
    """One page; every request that it makes and everything that it complains of is kept."""

    def __init__(self, to_browser: int, from_browser: int):
        self._write, self._read = to_browser, from_browser
        self._buffer, self._number, self._session = b"", 0, None
        self.requests: list[str] = []
        self.complaints: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params):
        """Result of a method of the protocol."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self._note(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def open(self, file: Path, *, width: int = 1400, dark: bool = False) -> None:
        """Show a file in a window of a width, in a colour scheme."""
        self.look(width=width, dark=dark)
        self.requests.clear()
        self.call("Page.navigate", url=file.as_uri())
        self.wait(f"document.readyState === 'complete' && location.href === '{file.as_uri()}'")

    def look(self, *, width: int = 1400, dark: bool = False) -> None:
        """Set the width of the window and what the reader's system prefers."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def run(self, script: str):
        """Value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def wait(self, script: str) -> None:
        """Wait until an expression in the page is true."""
        started = time.monotonic()
        while not self.run(script):
            if time.monotonic() - started > PATIENCE:
                raise TimeoutError(f"{script} did not become true in {PATIENCE} s.")
            time.sleep(0.05)

    def press(self, key: str, times: int = 1) -> None:
        """Press a key of the keyboard where the focus is."""
        code = KEYS.get(key, 0)
        text = {"text": "\r"} if key == "Enter" else {} if key in KEYS else {"text": key}
        for _ in range(times):
            common = {"key": key, "code": key, "windowsVirtualKeyCode": code}
            self.call("Input.dispatchKeyEvent", type="keyDown", **common, **text)
            self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def _next(self) -> dict:
        while b"\0" not in self._buffer:
            data = os.read(self._read, 1 << 20)
            if not data:
                raise RuntimeError("Chromium has ended.")
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def _note(self, event: dict) -> None:
        params = event.get("params", {})
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(params["exceptionDetails"]))
        elif event.get("method") == "Runtime.consoleAPICalled":
            self.complaints.append(str(params))
        elif event.get("method") == "Log.entryAdded":
            self.complaints.append(params["entry"]["text"])


@contextmanager
def browser(profile: Path) -> Iterator[Page]:
    """A page of a fresh browser; `profile` is a folder of its own."""
    for_browser, to_browser = os.pipe()
    from_browser, of_browser = os.pipe()
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
    command += [f"--user-data-dir={profile}", "--no-first-run", "about:blank"]
    # Chromium reads from descriptor 3 and writes to 4; sh knows those of one digit alone
    shell = ["bash", "-c", f'exec "$@" 3<&{for_browser} 4>&{of_browser}', "bash", *command]
    process = subprocess.Popen(
        shell,
        pass_fds=(for_browser, of_browser),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(for_browser)
    os.close(of_browser)
    try:
        yield Page(to_browser, from_browser)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)
        os.close(to_browser)
        os.close(from_browser)
