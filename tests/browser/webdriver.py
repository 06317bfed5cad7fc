"""A few words of the WebDriver protocol, with the standard library alone: enough to drive a Chromium."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)
KEYS = {
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "Right": "\ue014",
    "Down": "\ue015",
    "Left": "\ue012",
    "Tab": "\ue004",
}
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def find_browser() -> tuple[str, str] | None:
    """The paths of a Chromium and its chromedriver, or None."""
    driver = shutil.which("chromedriver")
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if driver and shutil.which(name):
            return str(shutil.which(name)), driver
    return None


class Browser:
    """One headless Chromium and the chromedriver that holds it."""

    def __init__(self, chromium: str, driver: str, *, width: int = 1280, height: int = 860) -> None:
        port = _free_port()
        self._profile = tempfile.mkdtemp(prefix="partita-chromium-")
        self._process = subprocess.Popen(
            [driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._base = f"http://127.0.0.1:{port}"
        self._session = ""
        try:
            self._wait()
            self._session = self._start(chromium, width, height)
        except BaseException:
            self.close()
            raise

    def _wait(self) -> None:
        for _ in range(150):
            try:
                if self._call("GET", "/status")["ready"]:
                    return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError("chromedriver did not start")

    def _start(self, chromium: str, width: int, height: int) -> str:
        arguments = [*FLAGS, f"--user-data-dir={self._profile}", f"--window-size={width},{height}"]
        options = {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": chromium, "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        return self._call("POST", "/session", {"capabilities": {"alwaysMatch": options}})["sessionId"]

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base + path, data=data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with _opener.open(request, timeout=60) as answer:
                return json.loads(answer.read())["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.loads(error.read())["value"]["message"]) from error

    def _in_session(self, method: str, path: str, body: Any = None) -> Any:
        return self._call(method, f"/session/{self._session}{path}", body)

    def command(self, name: str, **parameters: Any) -> Any:
        """A command of the DevTools protocol."""
        return self._in_session("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def resize(self, width: int, height: int, *, mobile: bool = False, scale: float = 1.0) -> None:
        """Pretend a screen of this many CSS pixels."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=mobile,
        )

    def prefer(self, scheme: str, *, motion: str = "reduce") -> None:
        """Pretend the reader's wish for "light" or "dark", and for less motion."""
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": motion},
        ]
        self.command("Emulation.setEmulatedMedia", features=features)

    def open(self, page: Path, fragment: str = "") -> None:
        """Load a file afresh and wait until the page says that it is ready."""
        self._in_session("POST", "/url", {"url": "about:blank"})
        self.requests()
        self._in_session("POST", "/url", {"url": page.resolve().as_uri() + fragment})
        self.wait_for("return document.documentElement.dataset.ready === 'yes'")

    def run(self, script: str, *arguments: Any) -> Any:
        """The value that a script returns."""
        return self._in_session("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait_for(self, script: str, *arguments: Any, seconds: float = 10) -> Any:
        """Run a script until it returns something true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = self.run(script, *arguments)
            if value:
                return value
            time.sleep(0.03)
        raise TimeoutError(f"never true: {script}")

    def click(self, selector: str) -> None:
        """A real click just inside the upper left corner of the first element that matches."""
        script = "const b = document.querySelector(arguments[0]).getBoundingClientRect(); return [b.x, b.y]"
        x, y = self.run(script, selector)
        for kind in ("mousePressed", "mouseReleased"):
            self.command("Input.dispatchMouseEvent", type=kind, x=x + 9, y=y + 9, button="left", clickCount=1)

    def type(self, text: str) -> None:
        """Real key presses to whatever has the focus; names of ``KEYS`` are single keys."""
        presses = [KEYS[text]] if text in KEYS else list(text)
        actions = [{"type": kind, "value": key} for key in presses for kind in ("keyDown", "keyUp")]
        self._in_session("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def console(self) -> list[str]:
        """Messages of the console since the last call, warnings and errors included."""
        return [f"{entry['level']}: {entry['message']}" for entry in self._log("browser")]

    def requests(self) -> list[str]:
        """Addresses that were asked for since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self._log("performance")]
        sent = [event for event in events if event["method"] == "Network.requestWillBeSent"]
        return [event["params"]["request"]["url"] for event in sent]

    def _log(self, kind: str) -> list[dict[str, Any]]:
        return self._in_session("POST", "/se/log", {"type": kind})

    def screenshot(self, path: Path) -> None:
        """Save what is seen as a PNG file."""
        path.write_bytes(base64.b64decode(self._in_session("GET", "/screenshot")))

    def close(self) -> None:
        """End the browser and its driver, and remove its profile."""
        try:
            if self._session:
                self._in_session("DELETE", "")
        finally:
            self._process.terminate()
            self._process.wait(10)
            shutil.rmtree(self._profile, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
