"""Write what is generated: docs/rules/, one page a rule, from the rules' docstrings; docs/images/, of the sample."""

from __future__ import annotations

from pathlib import Path

from analyzer.figures import View, picture
from analyzer.manual import Page, pages
from analyzer.options import Options
from analyzer.pipeline import analyze
from parsers.disk import DiskTree

RULES = Path(__file__).parent / "rules"
IMAGES = Path(__file__).parent / "images"
SAMPLE = Path(__file__).parents[1] / "sample_repos" / "payments"


def main() -> None:
    """Write everything."""
    _rules()
    _images()


def _images() -> None:
    """The picture of the sample, light and dark."""
    IMAGES.mkdir(exist_ok=True)
    report = analyze(DiskTree(SAMPLE), Options())
    for theme in ("light", "dark"):
        (IMAGES / f"payments-{theme}.svg").write_bytes(picture(report, "svg", View(theme)))


def _rules() -> None:
    """Every page; those whose rule is gone are removed."""
    RULES.mkdir(exist_ok=True)
    wanted = {"README.md": _index(), **{f"{p.id}.md": _page(p) for p in pages().values()}}
    for path in RULES.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (RULES / name).write_text(text, encoding="utf-8")


def _index() -> str:
    rows = "".join(f"| [{p.id}]({p.id}.md) | {p.severity} | `{p.slug}` | {p.summary} |\n" for p in pages().values())
    return f"# Rules\n\n| id | severity | name | what |\n|---|---|---|---|\n{rows}"


def _page(page: Page) -> str:
    return (
        f"# {page.id}: {page.summary}\n\n`{page.slug}`, {page.severity} unless configured otherwise.\n\n{page.text}\n"
    )


if __name__ == "__main__":
    main()
