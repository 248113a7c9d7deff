"""Write the pages that are generated: docs/rules/, one page a rule, from the rules' own docstrings."""

from __future__ import annotations

from pathlib import Path

from analyzer.manual import Page, pages

RULES = Path(__file__).parent / "rules"


def main() -> None:
    """Write every page and remove those whose rule is gone."""
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
