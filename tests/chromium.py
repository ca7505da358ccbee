"""A headless Chromium driven through its own protocol: pages are opened, asked and looked at, keys are
pressed as a person does. One start serves many pages: it takes longer than all that is asked of them."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Browser:
    """One tab of a browser, as a context. Messages go through two pipes, each ended by a NUL byte."""

    def __init__(self, program: str, profile: Path) -> None:
        self._program = program
        self._profile = profile
        self._number = 0

    def __enter__(self) -> Browser:
        here_read, self._write = os.pipe()
        self._read, here_write = os.pipe()

        self._process = subprocess.Popen(
            [
                "bash",  # Chromium reads from 3 and writes to 4
                "-c",
                f'exec "$0" "$@" 3<&{here_read} 4>&{here_write}',
                self._program,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-quic",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                f"--user-data-dir={self._profile}",
                "--window-size=1200,1800",
                "--remote-debugging-pipe",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(here_read, here_write),
        )
        os.close(here_read)
        os.close(here_write)
        self._left = b""
        self._session: str | None = None
        (target,) = [item for item in self._ask("Target.getTargets")["targetInfos"] if item["type"] == "page"]
        attached = self._ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        self._ask("Page.enable")
        return self

    def __exit__(self, *failure: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._write)
        os.close(self._read)

    @contextmanager
    def width(self, pixels: int) -> Iterator[None]:
        """The window is so wide, up to 600 pixels a phone's."""
        is_phone = pixels <= 600
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=pixels,
            height=1800,
            deviceScaleFactor=1,
            mobile=is_phone,
        )
        try:
            yield
        finally:
            self._ask("Emulation.clearDeviceMetricsOverride")

    def open(self, page: Path, scheme: str = "light", fragment: str = "") -> None:
        """Loads the page, anew if it is there already; the system's colours are `light` or `dark`."""
        if fragment:  # an address that differs in its fragment only would not be loaded
            self._ask("Page.navigate", url="about:blank")
            self._until(lambda message: message.get("method") == "Page.loadEventFired")
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self._ask("Emulation.setEmulatedMedia", features=[feature])
        self._ask("Page.navigate", url=page.as_uri() + fragment)
        self._until(lambda message: message.get("method") == "Page.loadEventFired")

    def picture(self) -> bytes:
        """A screenshot, as PNG."""
        return base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"])

    def press(self, key: str, code: int, text: str = "", modifiers: int = 0) -> None:
        """Presses a key and lets it go."""
        about = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        self._ask("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **about)
        self._ask("Input.dispatchKeyEvent", type="keyUp", **about)

    def value(self, expression: str) -> Any:
        """What the expression is in the page."""
        answer = self._ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        answer = self._until(lambda message: message.get("id") == self._number)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def _until(self, wanted: Any) -> dict[str, Any]:
        while True:
            while b"\0" not in self._left:
                more = os.read(self._read, 1 << 16)
                assert more, "the browser has gone"
                self._left += more
            text, _, self._left = self._left.partition(b"\0")
            message: dict[str, Any] = json.loads(text)
            if wanted(message):
                return message
