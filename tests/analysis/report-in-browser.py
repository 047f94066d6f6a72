#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Opens report pages in headless Chromium: of a made-up run and a made-up sweep, or those given.

  report-in-browser.py [PAGE...] [--screenshots FOLDER]

A page has to show all its figures, to fit a telephone's and a desk's width without scrolling
sideways, to print, to say nothing on the console, and to ask the network for nothing. Exit status
77, which CTest takes for skipped, when Chromium is not there. It is spoken to over a pipe, so that
nothing else is needed.
"""

import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from example_run import write_run, write_sweep

REPORT = Path(__file__).resolve().parents[2] / "analysis" / "report.py"
SKIPPED = 77
TELEPHONE, DESK = (360, 800), (1200, 900)
FEWEST_FIGURES = 8
# Evaluated in the page: what sticks out to the right, and figures that are not there.
LOOK = """
(() => {
  const width = document.documentElement.clientWidth;
  const wide = [...document.querySelectorAll('body *')].filter(
    e => e.getBoundingClientRect().right > width + 0.5 && getComputedStyle(e).position !== 'absolute');
  const images = [...document.images];
  return JSON.stringify({
    width, scroll: document.documentElement.scrollWidth,
    wide: wide.slice(0, 3).map(e => e.outerHTML.slice(0, 80)),
    figures: images.length,
    broken: images.filter(i => !i.complete || !i.naturalWidth).length,
    nameless: images.filter(i => !i.alt).length,
    height: document.documentElement.scrollHeight,
  });
})()
"""


class Browser:
    """Chromium without a window, spoken to by the DevTools protocol over two pipes."""

    def __init__(self, program, profile):
        to_browser, self._to = os.pipe()
        self._from, from_browser = os.pipe()
        # The browser reads from its descriptor 3 and writes to 4.
        start = f'exec "$@" 3<&{to_browser} 4>&{from_browser}'
        self._process = subprocess.Popen(
            ["bash", "-c", start, "bash", program, "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--remote-debugging-pipe", f"--user-data-dir={profile}"],
            pass_fds=[to_browser, from_browser], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._stream = os.fdopen(self._from, "rb")
        self._rest, self._number, self._session = b"", 0, None
        self.events = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        """Calls a method and returns its result; events meanwhile are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, method):
        """Waits for an event."""
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self._next())

    def _next(self):
        while b"\0" not in self._rest:
            chunk = self._stream.read1(1 << 20)
            if not chunk:
                raise RuntimeError("chromium ended")
            self._rest += chunk
        message, self._rest = self._rest.split(b"\0", 1)
        return json.loads(message)

    def close(self):
        """Ends the browser."""
        os.close(self._to)
        self._stream.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def said(events):
    """Returns what the page said on the console or asked the network for."""
    lines = []
    for event in events:
        method, values = event.get("method"), event.get("params", {})
        if method == "Runtime.consoleAPICalled":
            lines.append(f"console: {values['type']}")
        elif method == "Runtime.exceptionThrown":
            lines.append(f"exception: {values['exceptionDetails']['text']}")
        elif method == "Log.entryAdded":
            lines.append(f"log: {values['entry']['text']}")
        elif method == "Network.requestWillBeSent":
            url = values["request"]["url"]
            if not url.startswith(("data:", "file:")):
                lines.append(f"request: {url}")
    files = {
        event["params"]["request"]["url"]
        for event in events
        if event.get("method") == "Network.requestWillBeSent"
        and event["params"]["request"]["url"].startswith("file:")
    }
    if len(files) != 1:
        lines.append(f"requests of files: {', '.join(sorted(files)) or 'none'}")
    return lines


def complaints_about(browser, path, size, screenshot):
    """Returns what is wrong with a page at a size."""
    width, height = size
    browser.call(
        "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
        mobile=width < 600,
    )
    browser.events.clear()
    browser.call("Page.navigate", url=path.resolve().as_uri())
    browser.wait_for("Page.loadEventFired")
    seen = json.loads(browser.call("Runtime.evaluate", expression=LOOK)["result"]["value"])
    wrong = said(browser.events)
    if seen["scroll"] > width or seen["wide"]:
        wrong.append(f"wider than {width} px: {seen['scroll']} px, {seen['wide']}")
    if seen["figures"] < FEWEST_FIGURES:
        wrong.append(f"{seen['figures']} figures, not {FEWEST_FIGURES} or more")
    if seen["broken"] or seen["nameless"]:
        wrong.append(f"{seen['broken']} figures not shown, {seen['nameless']} without a description")
    if screenshot:
        clip = {"x": 0, "y": 0, "width": width, "height": seen["height"], "scale": 1}
        picture = browser.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        screenshot.write_bytes(base64.b64decode(picture["data"]))
    return [f"{path.name} at {width}x{height}: {line}" for line in wrong]


def complaints_about_print(browser, path, kept):
    """Returns what is wrong with the page as PDF."""
    pdf = base64.b64decode(browser.call("Page.printToPDF", preferCSSPageSize=True)["data"])
    if kept:
        kept.write_bytes(pdf)
    if not pdf.startswith(b"%PDF-") or len(pdf) < 20000:
        return [f"{path.name}: printing gives {len(pdf)} bytes that are no document"]
    return []


def pages(arguments, folder):
    """Returns the pages to look at: those named, or reports of made-up results."""
    if arguments.pages:
        return [Path(name) for name in arguments.pages]
    write_run(folder / "run")
    write_sweep(folder / "sweep")
    made = []
    for name in ["run", "sweep"]:
        made.append(folder / f"{name}.html")
        subprocess.run([sys.executable, "-B", REPORT, folder / name, "--output", made[-1]], check=True)
    return made


def main():
    """Runs the program; returns its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pages", nargs="*", metavar="PAGE")
    parser.add_argument("--screenshots", type=Path, metavar="FOLDER", help="keep pictures and PDFs there")
    arguments = parser.parse_args()
    program = shutil.which("chromium")
    if program is None:
        print("skipped: chromium is not there; ./ns3 packages browser installs it")
        return SKIPPED
    complaints, checked = [], 0
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        browser = Browser(program, folder / "profile")
        try:
            for path in pages(arguments, folder):
                kept = arguments.screenshots
                for name, size in [("telephone", TELEPHONE), ("desk", DESK)]:
                    picture = kept / f"{path.stem}-{name}.png" if kept else None
                    complaints += complaints_about(browser, path, size, picture)
                complaints += complaints_about_print(browser, path, kept / f"{path.stem}.pdf" if kept else None)
                checked += 1
        finally:
            browser.close()
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    if not complaints:
        print(f"{checked} pages looked at")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
