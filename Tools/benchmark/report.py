"""Where the figures go: the heading, README.md, the chart."""
import os
import pathlib
import platform
import re

import chart
import environment
import sections


def machine():
    """The processor as the system names it, and the number of cores."""
    name = platform.machine()
    info = pathlib.Path("/proc/cpuinfo")
    if info.exists():
        found = re.search(r"model name\s*:\s*(.+)", info.read_text())
        name = found[1] if found else name
    return f"{name}, {os.cpu_count()} cores"


def versions(peers):
    return {peer: environment.PEERS[peer].partition("==")[2] for peer in peers}


def heading(results):
    peers = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    return f"{results['date']}, {results['machine']}, load {results['load']:.1f}; {peers}"


def write(results, options, root):
    if options.svg and "networks" in results:
        pathlib.Path(options.svg).write_text(chart.draw(results["networks"], options.peers))
    if options.readme:
        parts = [heading(results)]
        for name in options.sections:
            parts.append(markdown(sections.SECTIONS[name].text(results[name], options)))
        replace(root / "README.md", "\n\n".join(parts))


def markdown(text):
    """Blank lines around tables, which Markdown wants."""
    lines = []
    for line in text.splitlines():
        if lines and lines[-1] and line and lines[-1].startswith("|") != line.startswith("|"):
            lines.append("")
        lines.append(line)
    return "\n".join(lines)


def replace(path, text):
    """Puts text between the markers of a file."""
    begin, end = "<!-- benchmark begin -->", "<!-- benchmark end -->"
    old = path.read_text()
    if begin not in old or end not in old:
        raise SystemExit(f"{path} has no {begin} and {end}")
    head, tail = old.split(begin)[0], old.split(end)[1]
    path.write_text(f"{head}{begin}\n{text}\n{end}{tail}")
