"""A real browser opens the report: nothing is fetched, nothing runs past the edge of a telephone's screen."""

import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_figures import small_reading

from tripoint.core.triad import Triad
from tripoint.faces.report import write_report
from tripoint.readings.reading import take_reading

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="needs a Chromium on the machine, and there is none on the path"
    ),
]

QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-default-apps", "--metrics-recording-only", "--disable-client-side-phishing-detection",
    "--disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication",
)  # fmt: skip


#: Whom the browser itself tries to reach whatever page it shows; no flag silences all of it.
OWN = re.compile(rb"^[A-Z]+ (?:https?://)?[a-z0-9.-]*\b(?:google|googleapis|gstatic)\.com[:/]")


class Proxy:
    """The only way out that the browser is given: it notes what is asked for and lets nobody through."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                client, _ = self._socket.accept()
            except TimeoutError:
                continue
            with client:
                client.settimeout(2)
                line = client.recv(400).split(b"\r\n")[0]
                if not OWN.match(line):
                    self.asked.append(line)

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self._socket.close()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    made = Proxy()
    yield made
    made.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    reading = take_reading(Triad("RUS", "CHN", ground="KAZ"), vintage="bundled")
    return write_report(reading, tmp_path_factory.mktemp("report") / "kazakhstan.html")


def browse(page: Path, profile: Path, proxy: Proxy, *flags: str) -> str:
    """Open a page with the proxy as the only way out; gives what the browser prints."""
    way = (f"--proxy-server={proxy.address}", "--proxy-bypass-list=<-loopback>", f"--user-data-dir={profile}")
    command = [str(CHROMIUM), *QUIET, *way, *flags, page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def test_the_report_asks_nothing_of_the_network(report, tmp_path, proxy):
    text = browse(report, tmp_path, proxy, "--dump-dom")
    assert "Russia and China, read through Kazakhstan" in text
    assert proxy.asked == []


def test_the_proxy_would_have_seen_a_request(tmp_path, proxy):
    page = tmp_path / "loud.html"
    page.write_text('<!doctype html><img src="http://tripoint.invalid/pixel.png">', "utf-8")
    browse(page, tmp_path / "profile", proxy, "--dump-dom")
    assert any(b"tripoint.invalid" in line for line in proxy.asked)


MEASURE = """<!doctype html><iframe id="f" src="{page}" style="width:{width}px;height:900px;border:0"></iframe>
<p id="said"></p><script>
document.getElementById("f").onload = (event) => {{
  const page = event.target.contentDocument.documentElement;
  document.getElementById("said").textContent = "wide " + page.scrollWidth + " of " + page.clientWidth;
}};
</script>"""


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("case", ["home", "empty"])
def test_the_page_is_no_wider_than_the_screen(width, case, report, tmp_path, proxy):
    page = report if case == "home" else write_report(small_reading(empty=True), tmp_path / "empty.html")
    frame = tmp_path / "frame.html"
    text = page.read_text("utf-8").replace("<details>", "<details open>")
    (tmp_path / "open.html").write_text(text, "utf-8")
    frame.write_text(MEASURE.format(page=(tmp_path / "open.html").as_uri(), width=width), "utf-8")
    flags = ("--allow-file-access-from-files", "--window-size=1400,1000", "--dump-dom")
    assert f"wide {width} of {width}" in browse(frame, tmp_path / "profile", proxy, *flags)


def test_it_prints_on_few_pages(report, tmp_path, proxy):
    paper = tmp_path / "report.pdf"
    browse(report, tmp_path / "profile", proxy, f"--print-to-pdf={paper}", "--no-pdf-header-footer")
    pages = paper.read_bytes().count(b"/Type /Page\n") + paper.read_bytes().count(b"/Type /Page/")
    assert 4 <= pages <= 24


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_both_colour_schemes_paint_the_page(scheme, report, tmp_path, proxy):
    picture = tmp_path / "page.png"
    flags = (f"--blink-settings=preferredColorScheme={int(scheme == 'light')}", "--window-size=360,800")
    browse(report, tmp_path / "profile", proxy, *flags, f"--screenshot={picture}")
    assert picture.stat().st_size > 10_000
