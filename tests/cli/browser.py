"""A page in a real browser: what Chromium sees of it at a given width, and what it complains of."""

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--enable-logging=stderr",
    "--virtual-time-budget=10000",
)

# The page in frames of the given widths, and a script that writes what is in them in the document.
_HOST = """<!DOCTYPE html><meta charset="utf-8"><title>host</title>
{frames}
<pre id="found">nothing</pre>
<script>
const wrong = [];
addEventListener("message", event => wrong.push(event.data));
addEventListener("load", () => {{
  const found = [...document.querySelectorAll("iframe")].map(frame => {{
    const page = frame.contentDocument, root = page.documentElement, wide = root.clientWidth;
    const style = frame.contentWindow.getComputedStyle(page.body);
    return {{
      width: wide,
      overflow: root.scrollWidth - wide,
      images: [...page.images].map(i => [i.alt, i.naturalWidth, i.getBoundingClientRect().width]),
      stray: [...page.querySelectorAll("main *")].filter(one =>
        !one.closest(".scroll, pre, details") && one.getBoundingClientRect().right > wide + 1
      ).map(one => one.outerHTML.slice(0, 120)),
      font: parseFloat(style.fontSize),
      links: [...page.querySelectorAll("a[href^='#']")].filter(
        a => !page.querySelector(a.getAttribute("href"))).length,
      fetched: page.querySelectorAll(
        "script[src], link[rel=stylesheet], img:not([src^='data:'])").length,
      text: page.body.innerText,
    }};
  }});
  document.getElementById("found").textContent = JSON.stringify({{found, wrong}});
}});
</script>"""
_REPORTER = """<script>
addEventListener("error", e => parent.postMessage(String(e.message), "*"), true);
console.error = (...words) => parent.postMessage(words.join(" "), "*");
</script>"""


def chromium() -> str:
    """The browser's command; skips where there is none, and fails where hosts are required."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if (found := shutil.which(name)) is not None:
            return found
    if os.environ.get("JAXLIKE_REQUIRE_HOSTS"):
        pytest.fail("JAXLIKE_REQUIRE_HOSTS is set, but there is no chromium")
    pytest.skip("there is no chromium to look at the page with")


def seen(page: Path, folder: Path, widths: tuple[int, ...]) -> dict:
    """What a browser has of `page` at each of `widths` in CSS pixels, and its complaints."""
    inside = page.read_text().replace("<head>", f"<head>{_REPORTER}", 1)
    frames = "\n".join(
        f'<iframe width="{width}" height="800" style="border:0" srcdoc="{html.escape(inside)}">'
        "</iframe>"
        for width in widths
    )
    host = folder / "host.html"
    host.write_text(_HOST.format(frames=frames))
    command = [chromium(), *_FLAGS, f"--user-data-dir={folder / 'profile'}", "--dump-dom"]
    done = subprocess.run(
        [*command, host.as_uri()], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (text,) = re.findall(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    found = json.loads(html.unescape(text))
    found["console"] = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    return found
