#!/usr/bin/env python3
"""Tries the page in headless Chromium, without a network, and says what it saw.

    docs/demo/build build/permcrypt build/page
    docs/demo/try.py build/page [SCREENSHOT.png]

Needs Debian's package chromium, or another browser of its kind named by CHROMIUM.
"""
import base64
import fcntl
import functools
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

PATIENCE = 120  # seconds for any one thing


class Browser:
    """Chromium and one page of it, driven over its debugging pipe."""

    def __init__(self, folder):
        theirs_in, self._to = os.pipe()
        self._from, theirs_out = os.pipe()
        # Chromium reads commands from 3 and answers on 4; these must not be in the way of each other.
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (theirs_in, theirs_out)]
        command = [os.environ.get("CHROMIUM", "chromium"), "--headless=new", "--disable-gpu",
                   "--remote-debugging-pipe", f"--user-data-dir={folder}", "--no-first-run",
                   "--window-size=1100,1000", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        if os.getuid() == 0:
            command.append("--no-sandbox")
        self._process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{high[0]} 4>&{high[1]}', "bash", *command],
            pass_fds=high, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for fd in (theirs_in, theirs_out, *high):
            os.close(fd)
        self._buffer, self._count, self._session = b"", 0, None
        self.requests, self.complaints = [], []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "DOM"):
            self.call(domain + ".enable")

    def close(self):
        self._process.terminate()
        self._process.wait()

    def _read(self):
        while b"\0" not in self._buffer:
            part = os.read(self._from, 1 << 20)
            if not part:
                raise SystemExit("error: the browser has gone")
            self._buffer += part
        message, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(message)

    def _note(self, event):
        if event["method"] == "Network.requestWillBeSent":
            self.requests.append(event["params"]["request"]["url"])
        if event["method"] == "Runtime.exceptionThrown":
            self.complaints.append(event["params"]["exceptionDetails"])
        if event["method"] == "Runtime.consoleAPICalled" and event["params"]["type"] == "error":
            self.complaints.append(event["params"]["args"])

    def call(self, method, **params):
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != self._count:
            self._note(answer)
        if "error" in answer:
            raise SystemExit(f"error: {method}: {answer['error']}")
        return answer["result"]

    def ask(self, script):
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise SystemExit(f"error: {script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait(self):
        end = time.monotonic() + PATIENCE
        while self.ask("document.body?.dataset.state") != "ready":
            if time.monotonic() > end:
                raise SystemExit("error: the page does not get ready")
            time.sleep(0.05)

    def choose_file(self, path):
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector="#file")["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path)])


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


failed = []


def check(what, right):
    print(("ok    " if right else "WRONG ") + what, flush=True)
    if not right:
        failed.append(what)


PIXELS = "Array.from($('{}').getContext('2d').getImageData(0, 0, 28, 28).data.filter((_, i) => i % 4 == 0))"
ANSWER, GUESS = "$('answer').textContent", "$('guess').textContent"
# The original model's answer for the picture that is shown.
EXPECTED = f"run(models.original, asInput({PIXELS.format('plain')})).then((t) => String(largest(t.data)[0]))"
# Drops a file of these bytes on the page.
DROP = """{{
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(atob('{}'), (c) => c.charCodeAt(0))], '{}'));
  $('drop').dispatchEvent(new DragEvent('drop', {{dataTransfer: data, bubbles: true, cancelable: true}}));
}}"""


def try_samples(page):
    samples = page.ask("$('samples').children.length")
    same = right = lucky = 0
    for i in range(samples):
        page.ask(f"$('samples').children[{i}].click()")
        page.wait()
        label = page.ask(f"$('samples').children[{i}].dataset.label")
        same += page.ask(ANSWER) == page.ask(EXPECTED)
        right += page.ask(ANSWER) == label
        lucky += page.ask(GUESS) == label
    check(f"{same} of {samples} scrambled samples are read as the original reads them", same == samples)
    check(f"{right} of {samples} are right", right >= 0.9 * samples)
    check(f"{lucky} of {samples} are right without the key", lucky <= 0.4 * samples)
    plain, scrambled = page.ask(PIXELS.format("plain")), page.ask(PIXELS.format("scrambled"))
    check("what the server sees is the picture in another order",
          plain != scrambled and sorted(plain) == sorted(scrambled))


def try_files(page, folder):
    page.ask("$('samples').children[7].click()")
    page.wait()
    expected = page.ask(ANSWER)
    png = page.ask("$('plain').toDataURL('image/png').split(',')[1]")
    (folder / "seven.png").write_bytes(base64.b64decode(png))
    (folder / "words.png").write_text("this is no picture")
    for how in ("chosen", "dropped"):
        page.ask("$('samples').children[3].click()")
        page.wait()
        before = page.ask(ANSWER)
        if how == "chosen":
            page.choose_file(folder / "seven.png")
        else:
            page.ask(DROP.format(png, "seven.png"))
        page.wait()
        check(f"a picture that is {how} is read", page.ask(ANSWER) == expected != before)
    page.choose_file(folder / "words.png")
    page.wait()
    check("a file that is no picture is named", "words.png" in page.ask("$('message').textContent"))
    page.ask("$('samples').children[3].click()")
    page.wait()
    check("and forgotten", page.ask("$('message').textContent") == "")


def try_all(page):
    page.ask("$('all').click()")
    page.wait()
    text = lambda name: page.ask(f"$('{name}').textContent")
    share = lambda name: float(text(name).split()[0])
    original, scrambled, plain = (share(f"{how}-right") for how in ("original", "scrambled", "plain"))
    check(f"original {original} %, encrypted and scrambled {scrambled} %", original == scrambled > 95)
    check(f"the same predictions: {text('scrambled-same')}", text("scrambled-same") == "1000 of 1000")
    check(f"encrypted and not scrambled {plain} %", plain <= 25)


def main(folder, screenshot=None):
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{server.server_address[1]}/"
    with tempfile.TemporaryDirectory() as work:
        page = Browser(work + "/profile")
        try:
            page.call("Page.navigate", url=origin)
            page.wait()
            check("the page says nothing is wrong", page.ask("$('message').textContent") == "")
            try_samples(page)
            try_files(page, pathlib.Path(work))
            try_all(page)
            if screenshot:
                picture = page.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
                pathlib.Path(screenshot).write_bytes(base64.b64decode(picture))
        finally:
            page.close()
    own = (origin, "blob:", "data:")
    check(f"{len(page.requests)} requests, all to the page's own server",
          all(url.startswith(own) for url in page.requests))
    check("no errors in the console", not page.complaints)
    for complaint in page.complaints:
        print(complaint)
    return bool(failed)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
