"""A real browser opens the map of corridors: its policy holds, it fetches nothing, it answers pointer and keyboard."""

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html import unescape
from pathlib import Path

import pytest
from test_report_browser import CHROMIUM, Proxy, browse, proxy

from tripoint.faces.report.corridor_page import write_corridor_map
from tripoint.readings.corridors import take_corridors
from tripoint.sources.corridors import shipped_network

__all__ = ["proxy"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="needs a Chromium on the machine, and there is none on the path"
    ),
]

#: Notes every complaint, plays a reader once the map stands, and leaves what it saw in the page.
PLAY = """
const seen = {complaints: []};
for (const kind of ["error", "unhandledrejection", "securitypolicyviolation"])
  window.addEventListener(kind, (event) => {
    seen.complaints.push(kind + ": " + (event.message || event.violatedDirective || event.reason));
  }, true);
for (const kind of ["error", "warn"]) console[kind] = (...said) => seen.complaints.push("console: " + said.join(" "));
const wait = (time) => new Promise((done) => setTimeout(done, time));
const lines = () => [...document.querySelectorAll("#atlas .mark-rule")].pop().querySelectorAll("line").length;
async function play() {
  while (!document.documentElement.dataset.drawn) await wait(50);
  seen.all = lines();
  const target = [...document.querySelectorAll("#atlas .mark-rule")].pop().querySelector("line");
  const box = target.getBoundingClientRect();
  const at = {bubbles: true, clientX: box.x + box.width / 2, clientY: box.y + box.height / 2};
  for (const kind of ["pointerover", "pointermove", "mousemove"]) target.dispatchEvent(new PointerEvent(kind, at));
  await wait(200);
  seen.hint = document.getElementById("hint").innerText;
  seen.markup = document.querySelectorAll("#hint img, #hint script").length;
  seen.under = target.getAttribute("opacity");
  const gas = document.querySelector("input[value=gas]");
  gas.focus();
  seen.focused = document.activeElement === gas;
  gas.click();
  await wait(300);
  seen.gas = lines();
  seen.hidden = document.getElementById("hint").hidden;
  seen.wide = [document.documentElement.scrollWidth, document.documentElement.clientWidth];
  const said = document.createElement("pre");
  said.id = "seen";
  said.textContent = JSON.stringify(seen);
  document.body.append(said);
}
window.addEventListener("load", play);
"""


def played(page: Path, folder: Path, way: Proxy, *flags: str) -> dict:
    """What the reader saw, in a copy of the page whose policy allows the reader's script as well."""
    mark = b64encode(sha256(PLAY.encode()).digest()).decode()
    text = page.read_text("utf-8").replace("script-src ", f"script-src 'sha256-{mark}' ", 1)
    copy = folder / "played.html"
    copy.write_text(text.replace("<title>", f"<script>{PLAY}</script><title>", 1), "utf-8")
    out = browse(copy, folder / "profile", way, "--virtual-time-budget=20000", *flags, "--dump-dom")
    found = re.search(r'<pre id="seen">(.*?)</pre>', out, re.DOTALL)
    assert found, out[:3000]
    return json.loads(unescape(found[1]))


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    network = shipped_network()
    return write_corridor_map(
        take_corridors("KAZ"), network, tmp_path_factory.mktemp("map") / "corridors.html"
    )


def test_the_map_is_drawn_under_its_policy_and_answers(page, tmp_path, proxy):
    seen = played(page, tmp_path, proxy, "--window-size=1200,900")
    assert seen["complaints"] == []
    assert seen["all"] > 30
    assert 5 < seen["gas"] < seen["all"]
    for part in (
        "CPC, Kazakh section",
        "Capacity: 72.5",
        "Flow in the model: 31.0 Mt/y",
        "Can close it: Kazakhstan",
    ):
        assert part in seen["hint"]
    assert seen["under"] == "0.35"
    assert seen["focused"]
    assert seen["hidden"]
    assert proxy.asked == []


def test_what_a_file_says_does_not_become_markup(tmp_path, proxy):
    network = shipped_network()
    evil = "</script><img src=x onerror=alert(1)><b>"
    renamed = replace(
        network, segments=tuple(replace(s, title=evil) if s.name == "cpc_kz" else s for s in network.segments)
    )
    found = take_corridors("KAZ", network=renamed)
    seen = played(write_corridor_map(found, renamed, tmp_path / "evil.html"), tmp_path, proxy)
    assert seen["complaints"] == []
    assert evil in seen["hint"]
    assert seen["markup"] == 0


def test_the_policy_refuses_a_script_that_is_not_the_pages_own(page, tmp_path, proxy):
    text = page.read_text("utf-8").replace("</body>", "<script>document.title = 'owned'</script></body>")
    (tmp_path / "other.html").write_text(text, "utf-8")
    flags = ("--virtual-time-budget=5000", "--dump-dom")
    assert "<title>owned</title>" not in browse(tmp_path / "other.html", tmp_path / "profile", proxy, *flags)


@pytest.mark.parametrize("width", [500, 1280])
def test_the_page_is_no_wider_than_the_screen(width, page, tmp_path, proxy):
    seen = played(page, tmp_path, proxy, f"--window-size={width},900")
    assert seen["wide"] == [width, width]
