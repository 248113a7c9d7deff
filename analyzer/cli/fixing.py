"""``fix``: the patch for what has one right answer, and the fewest edits that keep every chain under a limit.

Errors: 0 nothing to fix, or everything written; 1 a patch that is not applied, or a limit that no edit reaches;
2 usage; 3 no input understood. Where a file changed meanwhile, or a link leads to it, nothing is written.
"""

from __future__ import annotations

import codecs
import json
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.arguments import PATH, given, progress, shared, terminal, write

if TYPE_CHECKING:
    from analyzer.fixes import Fixed, Outcome

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command(short_help="A patch for what has one right answer.")
@click.argument("path", type=PATH, default=".")
@click.option("--only", multiple=True, metavar="RULE", help="Fix only what this rule finds. Repeatable.")
@click.option("--format", "name", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--write", "apply", is_flag=True, help="Write the files instead of only showing the patch.")
@shared
def fix(path: Path, only: tuple[str, ...], name: str, apply: bool, **asked: Any) -> int:
    """A patch for the monorepo at PATH: findings with one right answer, and retries above the limit.

    The patch goes to standard output, what it is for to standard error; nothing is written without --write.
    """
    from analyzer.fixes import DEFAULT, RULES
    from analyzer.fixes import fix as run

    wanted = frozenset(rule.upper() for rule in only)
    if unknown := sorted(wanted - RULES):
        raise click.UsageError(f"no fix is known for {', '.join(unknown)}; there are {', '.join(sorted(RULES))}")
    asking = given(path, asked)
    found = run(asking.tree, asking.options, asking.configuration.suppressions, wanted or DEFAULT, progress())
    if not found.understood:
        click.echo("meshgain: nothing here is understood", err=True)
        return 3
    if name == "json":
        write(json.dumps(found.to_dict(), indent=1) + "\n", None)
    else:
        write(_coloured(found.patch) if terminal(None)[1] else found.patch, None)
    if apply and found.files:
        _apply(path, dict(found.files), {p: asking.tree.raw(p) for p, _ in found.files})
    click.echo("\n".join(_summary(found, applied=apply)), err=True)
    return int(bool(found.beyond) or (bool(found.files) and not apply))


def _coloured(patch: str) -> str:
    return "".join(
        click.style(line, fg=_COLOURS[line[0]]) if line[0] in _COLOURS else line
        for line in patch.splitlines(keepends=True)
    )


# ------------------------------------------------------------------------------------------------------------- telling


def _summary(found: Fixed, *, applied: bool) -> list[str]:
    if not found.changes and not found.beyond:
        return ["nothing to fix"]
    head = f"{_many(len(found.changes), 'fix')} in {_many(len(found.files), 'file')}{', written' if applied else ''}"
    head = head if found.changes else "nothing that can be fixed here"
    lines = [head, *(_printable(f"  {c.rule}  {c.reason}") for c in found.changes)]
    changed = [o for o in found.outcomes if o.after != o.before]
    if changed:
        lines += ["requests that one can become, before -> after:", *map(_outcome, changed)]
    if not found.exact:
        lines.append("the system is too large for the smallest set: a smaller one may do")
    lines += [_printable(f"not reached: {o.entry} -> {o.target}: {o.after} > {o.limit}") for o in found.beyond]
    lines += [_printable(f"left out, as the result is no better: {c.rule}  {c.reason}") for c in found.refused]
    return lines


def _many(count: int, what: str) -> str:
    plural = "es" if what.endswith("x") else "s"
    return f"{count} {what}{'' if count == 1 else plural}"


def _outcome(one: Outcome) -> str:
    return _printable(f"  {one.before} -> {one.after}  {one.entry} -> {one.target}")


def _printable(text: str) -> str:
    """One line, whatever the files hold."""
    return "".join(c if c.isprintable() else "?" for c in text)


# ------------------------------------------------------------------------------------------------------------- writing


def _apply(root: Path, files: dict[str, str], before: dict[str, bytes]) -> None:
    """Every file is checked and written beside itself before the first one takes its place."""
    places = {p: _place(root, p, before[p]) for p in files}
    ready: dict[Path, str] = {}
    try:
        for path, text in files.items():
            ready[places[path]] = _beside(places[path], _encoded(text, before[path]))
        while ready:
            place, written = next(iter(ready.items()))
            Path(written).replace(place)
            del ready[place]
    except OSError as error:
        raise click.FileError(str(error.filename or root), error.strerror or "cannot be written") from error
    finally:
        for written in ready.values():
            Path(written).unlink(missing_ok=True)


def _place(root: Path, path: str, before: bytes) -> Path:
    """The file itself, if it is the one that was analysed and no link leads to it."""
    place = root.resolve()
    for part in path.split("/"):
        place /= part
        if part in ("", ".", "..") or place.is_symlink():
            raise click.UsageError(f"{path}: a link leads there, so it is not written")
    try:
        same = stat.S_ISREG(place.lstat().st_mode) and place.read_bytes() == before
    except OSError as error:
        raise click.FileError(path, error.strerror or "cannot be read") from error
    if not same or before.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise click.UsageError(f"{path}: it changed meanwhile, or is not UTF-8; nothing is written")
    return place


def _encoded(text: str, before: bytes) -> bytes:
    """As it was: with its byte order mark, if it had one."""
    mark = codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b""
    return mark + text.encode("utf-8")


def _beside(place: Path, content: bytes) -> str:
    """The new content on the same disk, with the file's own mode."""
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        Path(name).chmod(stat.S_IMODE(place.stat().st_mode))
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return name


COMMANDS = (fix,)
