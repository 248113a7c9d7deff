"""Values that the environment or a configuration object gives.

Source: os.environ, python-decouple, environs, django-environ, starlette.config, pydantic-settings, Flask's and Django's
configuration.
Shape: a text is an ``EnvVar`` part with the code's default; a number that the environment may change is a ``Default``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from parsers.facts.python import EnvVar
from parsers.python.module import Assigned, Binding, Scope
from parsers.python.sites import is_application
from parsers.python.value import (
    NONE,
    Default,
    Either,
    Known,
    Made,
    Member,
    Text,
    Thing,
    Unknown,
    Value,
    constant_text,
    either,
    settled,
    templates,
)
from parsers.source import Span

if TYPE_CHECKING:
    from parsers.python.values import Frame, Values

_GETTERS = frozenset({"os.getenv", "os.environ.get", "os.environ.setdefault", "os.environ.pop"})
_READERS = frozenset(
    {
        "decouple.config",
        "decouple.AutoConfig",
        "decouple.Config",
        "environs.Env",
        "environs.FileAwareEnv",
        "environ.Env",
        "starlette.config.Config",
        "envparse.env",
    }
)
_READER_METHODS = frozenset(
    {"str", "int", "float", "bool", "list", "url", "get", "dict", "json", "path", "timedelta", "get_value", "_str"}
)
_SETTINGS_BASES = ("pydantic_settings.BaseSettings", "pydantic.BaseSettings", "pydantic.v1.BaseSettings",
                   "pydantic_settings.main.BaseSettings", "pydantic.env_settings.BaseSettings")  # fmt: skip
#: Objects of frameworks that hold what an application keeps.
_SHARED = frozenset({"flask.g", "quart.g", "flask.current_app", "quart.current_app", "fastapi.app"})
_APPLICATIONS = ("flask.Flask", "quart.Quart", "sanic.Sanic", "flask.app.Flask")


def environment(name: str, default: Value | None, span: Span | None = None) -> Value:
    """The environment's value of ``name``, with what the code takes where it is not set."""
    match default:
        case None | Known(value=None):
            return Text((EnvVar(name, None, span),))
        case Known(value=str(constant)):
            return Text((EnvVar(name, (constant,), span),))
        case Text(parts=parts):
            return Text((EnvVar(name, parts, span),))
        case Known(value=constant):
            return Default(default, f"environment {name}", (EnvVar(name, (str(constant),), span),))
        case Either(options=several):
            return either(environment(name, o, span) for o in several)
        case Default(value=value, text=parts):
            return environment(name, Text(parts) if parts else value, span)
        case _:
            return Text((EnvVar(name, None, span),))


def read(values: Values, call: ast.Call, frame: Frame) -> Value | None:
    """A call that reads a setting; ``None`` for any other call."""
    scope = frame.scope
    name = values.program.resolve(call.func, scope)
    if name is not None and name.external and name.qualified in _GETTERS:
        return _variable(values, call, frame)
    if name is not None and name.external and name.qualified == "decouple.config":
        return _cast(values, call, _variable(values, call, frame), frame)
    if name is None or name.external or name.scope is not None or name.module is not None:
        return _config_get(values, call, frame) if name is None or name.external else None
    return _reader(values, call, frame) or _config_get(values, call, frame)


def _variable(values: Values, call: ast.Call, frame: Frame, prefix: str = "") -> Value | None:
    key = constant_text(values.at(call.args[0], frame)) if call.args else None
    if key is None:
        return None
    given = [k.value for k in call.keywords if k.arg in ("default", "missing")] or call.args[1:2]
    default = values.at(given[0], frame) if given else None
    return environment(prefix + key, default, frame.scope.module.span(call))


def _cast(values: Values, call: ast.Call, value: Value | None, frame: Frame) -> Value | None:
    kind = next((values.at(k.value, frame) for k in call.keywords if k.arg == "cast"), None)
    if value is None or kind is None or not isinstance(kind, Thing):
        return value
    if kind.name.qualified in ("builtins.int", "builtins.float") and isinstance(value, Text):
        return _as_number(value, float if kind.name.qualified.endswith("float") else int)
    return value


def _as_number(value: Text, kind: type[int] | type[float]) -> Value:
    part = value.parts[0]
    if isinstance(part, EnvVar):
        default = "".join(p for p in part.default if isinstance(p, str)) if part.default else None
        try:
            inner: Value = Known(kind(default)) if default is not None else Unknown(f"environment {part.name}")
        except ValueError:
            inner = Unknown(f"environment {part.name}")
        return Default(inner, f"environment {part.name}", value.parts)
    return value


def _reader(values: Values, call: ast.Call, frame: Frame) -> Value | None:
    """``env("X")``, ``env.int("X", 3)``, ``config("X", cast=int)`` of a reader object made somewhere."""
    func = call.func
    method = func.attr if isinstance(func, ast.Attribute) else None
    if method is not None and method not in _READER_METHODS:
        return None
    base = values.at(func.value if isinstance(func, ast.Attribute) else func, frame)
    if not isinstance(base, Made) or base.name.qualified not in _READERS or not call.args:
        return None
    value = _variable(values, call, frame, _prefix(values, base, frame))
    if method in ("int", "float") and isinstance(value, Text):
        return _as_number(value, float if method == "float" else int)
    return _cast(values, call, value, frame)


def _prefix(values: Values, made: Made, frame: Frame) -> str:
    given = next((k.value for k in made.call.keywords if k.arg in ("prefix", "env_prefix")), None)
    found = constant_text(values.at(given, frame.deeper(made.scope, dict(made.bound)))) if given else None
    return found or ""


def subscript(values: Values, base: Value, index: ast.expr, expr: ast.Subscript, frame: Frame) -> Value | None:
    """``os.environ["X"]`` and ``app.config["X"]``; ``None`` for anything else."""
    if isinstance(base, Thing) and base.name.qualified == "os.environ":
        key = constant_text(values.at(index, frame))
        return environment(key, None, frame.scope.module.span(expr)) if key is not None else None
    if is_application_config(base):
        key = constant_text(values.at(index, frame))
        return configured(values, key, frame) if key is not None else None
    return None


def is_application_config(base: Value) -> bool:
    """Whether the value is the ``config`` of a Flask-like application."""
    match base:
        case Thing(name=name):
            return name.qualified in ("flask.current_app.config", "quart.current_app.config")
        case Member(of=Made(name=name), names=("config",)):
            return name.qualified in _APPLICATIONS
        case Either(options=several):
            return any(is_application_config(o) for o in several)
        case _:
            return False


def _config_get(values: Values, call: ast.Call, frame: Frame) -> Value | None:
    func = call.func
    if not isinstance(func, ast.Attribute) or func.attr not in ("get", "setdefault", "pop") or not call.args:
        return None
    if not isinstance(func.value, ast.Attribute | ast.Name) or not _mentions_config(func.value):
        return None
    if not is_application_config(values.at(func.value, frame)):
        return None
    key = constant_text(values.at(call.args[0], frame))
    found = configured(values, key, frame) if key is not None else None
    default = values.at(call.args[1], frame) if len(call.args) > 1 else NONE
    return default if found is None or isinstance(found, Unknown) else found


def _mentions_config(expr: ast.expr) -> bool:
    return "conf" in (expr.attr if isinstance(expr, ast.Attribute) else expr.id if isinstance(expr, ast.Name) else "")


def configured(values: Values, key: str, frame: Frame) -> Value:
    """What the application's configuration holds under ``key``, set anywhere in the same service."""
    found = [values.at(e, frame.deeper(s, {})) for e, s in nearest(values.sites.config(key), frame.scope)]
    for expr, scope in values.sites.config_objects():
        source = values.at(expr, frame.deeper(scope, {}))
        module_text = constant_text(source)
        if module_text is not None:
            module = values.program.find_module(module_text, scope.module)
            owner, _, last = module_text.rpartition(".")
            held = values.program.find_module(owner, scope.module) if owner and module is None else None
            source = Unknown(module_text)
            if module is not None and key in module.scope.bindings:
                found.append(
                    values.variable(module.scope, key, module.scope.bindings[key], frame.deeper(module.scope, {}))
                )
            elif held is not None and last in held.scope.bindings:
                source = values.variable(held.scope, last, held.scope.bindings[last], frame.deeper(held.scope, {}))
        value = values.attribute(source, key, frame.deeper()) if isinstance(source, Thing | Made) else Unknown(key)
        if not isinstance(value, Unknown) and not (isinstance(value, Thing) and value.name.external):
            found.append(value)
    return either(found) if found else _written_apart(values, key, frame)


def _written_apart(values: Values, key: str, frame: Frame) -> Value:
    """A configuration file of the same service that is loaded by name at run time."""
    for path in _settings_paths(values, frame.scope):
        module = values.program.module(path)
        if module is not None and key in module.scope.bindings:
            return values.variable(module.scope, key, module.scope.bindings[key], frame.deeper(module.scope, {}))
    return Unknown(key)


def nearest(sites: list[tuple[ast.expr, Scope]], scope: Scope) -> list[tuple[ast.expr, Scope]]:
    """Of the places found in a monorepo, those of the same file, else of the closest folder."""

    def shared(path: str) -> int:
        ours, theirs = scope.module.path.split("/"), path.split("/")
        return sum(1 for _ in _common(ours, theirs))

    best = max((shared(s.module.path) for _, s in sites), default=0)
    return [(e, s) for e, s in sites if shared(s.module.path) == best]


def _common(a: list[str], b: list[str]) -> list[str]:
    kept: list[str] = []
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        kept.append(x)
    return kept


def attached(values: Values, base: ast.expr, name: str, frame: Frame) -> Value | None:
    """What was attached to the application under a name, anywhere in the same service."""
    if name == "config":
        return None  # a mapping of its own: ``configured``
    if not is_application(base):
        value = values.at(base, frame) if isinstance(base, ast.Name) else None
        if not isinstance(value, Thing) or value.name.qualified not in _SHARED:
            return None
    found = nearest(values.sites.attached(name), frame.scope)
    return either(values.at(e, frame.deeper(s, {})) for e, s in found) if found else None


def filled(values: Values, base: ast.expr, frame: Frame) -> Value | None:
    """What code puts into a mapping under a key that is not known: a registry of clients."""
    name = base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""
    sites = [(e, s) for e, s in values.sites.filled(name) if s.module is frame.scope.module]
    found = [values.at(e, frame.deeper(s, frame.bound if s is frame.scope else {})) for e, s in sites[:6]]
    known = [f for f in found if not isinstance(f, Unknown)]
    return either(known) if known else None


def option(values: Values, made: Made, attr: str, frame: Frame) -> Value | None:
    """``args.url`` of a command line: the default that the option declares."""
    if not made.name.qualified.startswith("argparse.") or not made.name.qualified.endswith(
        ("parse_args", "parse_known_args")
    ):
        return None
    for call, scope in values.sites.options(made.scope.module):
        names = [constant_text(values.at(a, frame.deeper(scope, {}))) or "" for a in call.args]
        given = {k.arg: k.value for k in call.keywords}
        dest = constant_text(values.at(given["dest"], frame.deeper(scope, {}))) if "dest" in given else None
        if attr in (dest, *(n.lstrip("-").replace("-", "_") for n in names)):
            default = values.at(given["default"], frame.deeper(scope, {})) if "default" in given else None
            return Default(default, f"option {attr}") if default is not None and default != NONE else Unknown(attr)
    return None


# ----------------------------------------------------------------------------------------------------- presence


def presence(values: Values, expr: ast.IfExp, ways: tuple[Value, Value], frame: Frame) -> Value | None:
    """``x if os.environ.get("N") is None else os.environ.get("N")``: one text that the environment may replace."""
    name, set_when_true = _tested(values, expr.test, frame)
    if name is None:
        return None
    given, missing = ways if set_when_true else (ways[1], ways[0])
    if isinstance(given, Text):
        at = next((i for i, p in enumerate(given.parts) if isinstance(p, EnvVar) and p.name == name), None)
        whole = isinstance(missing, Known | Text)
        if whole and at is not None and all(isinstance(p, str) for i, p in enumerate(given.parts) if i != at):
            before = "".join(p for p in given.parts[:at] if isinstance(p, str))
            after = "".join(p for p in given.parts[at + 1 :] if isinstance(p, str))
            default = templates(missing)[0]
            return Text((EnvVar(name, default, frame.scope.module.span(expr), before, after),))
    if isinstance(given, Default) and isinstance(missing, Known):
        return Default(missing, given.why, given.text)
    return None


def _tested(values: Values, test: ast.expr, frame: Frame) -> tuple[str | None, bool]:
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            name, positive = _tested(values, operand, frame)
            return name, not positive
        case ast.Compare(left=left, ops=[ast.Is() | ast.Eq()], comparators=[ast.Constant(value=None | "")]):
            return _environment_name(values.at(left, frame)), False
        case ast.Compare(left=left, ops=[ast.IsNot() | ast.NotEq()], comparators=[ast.Constant(value=None | "")]):
            return _environment_name(values.at(left, frame)), True
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn() as op], comparators=[right]):
            base = values.at(right, frame)
            inside = isinstance(base, Thing) and base.name.qualified == "os.environ"
            return (constant_text(values.at(left, frame)) if inside else None), isinstance(op, ast.In)
        case _:
            return _environment_name(values.at(test, frame)), True


def _environment_name(value: Value) -> str | None:
    match value:
        case Text(parts=(EnvVar(name=name),)):
            return name
        case _:
            return None


# ------------------------------------------------------------------------------------------------- settings classes


def field(values: Values, cls: Scope, attr: str, binding: Binding, frame: Frame) -> Value | None:
    """A field of a pydantic settings class: the environment gives it, by alias or by prefix and name."""
    if not isinstance(binding, Assigned) or not is_settings(values, cls) or attr in ("model_config", "Config"):
        return None
    default = values.at(binding.value, frame.deeper(cls, {})) if binding.value is not None else None
    name = _env_prefix(values, cls, frame) + attr.upper()
    if isinstance(default, Made) and default.name.qualified.rpartition(".")[2] == "Field":
        inner = frame.deeper(default.scope, {})
        alias = [k.value for k in default.call.keywords if k.arg in ("validation_alias", "alias", "env")]
        written = constant_text(values.at(alias[0], inner)) if alias else None
        name = written or name
        default = field_default(values, default, frame)
    if isinstance(default, Made | Thing) and not isinstance(settled(default), Known):
        return default
    return environment(name, default)


def is_settings(values: Values, cls: Scope) -> bool:
    """Whether the class is a pydantic settings class."""
    return any(n in _SETTINGS_BASES for n in values.program.base_names(cls))


def _env_prefix(values: Values, cls: Scope, frame: Frame) -> str:
    for home in values.program.ancestry(cls):
        config = home.bindings.get("model_config")
        if config and isinstance(config[-1], Assigned) and isinstance(config[-1].value, ast.Call | ast.Dict):
            node = config[-1].value
            pairs = [(k.arg, k.value) for k in node.keywords] if isinstance(node, ast.Call) else _pairs(node)
            found = next((v for k, v in pairs if k == "env_prefix"), None)
            if found is not None:
                return constant_text(values.at(found, frame.deeper(home, {}))) or ""
        inner = next((c for c in home.children if c.is_class and c.name == "Config"), None)
        if inner is not None and "env_prefix" in inner.bindings:
            value = values.variable(inner, "env_prefix", inner.bindings["env_prefix"], frame.deeper(inner, {}))
            return constant_text(value) or ""
    return ""


def _pairs(node: ast.Dict) -> list[tuple[str | None, ast.expr]]:
    keys = [k.value if isinstance(k, ast.Constant) and isinstance(k.value, str) else None for k in node.keys]
    return list(zip(keys, node.values, strict=True))


def field_default(values: Values, made: Made, frame: Frame) -> Value | None:
    """The default of ``Field(...)``, ``field(default=...)`` or ``field(default_factory=...)``."""
    inner = frame.deeper(made.scope, dict(made.bound))
    for keyword in made.call.keywords:
        if keyword.arg == "default":
            return values.at(keyword.value, inner)
        if keyword.arg in ("default_factory", "factory"):
            callee = values.at(keyword.value, inner)
            if isinstance(callee, Thing) and callee.name.scope is not None and callee.name.scope.is_function:
                return values.returned(callee.name.scope, values.bind(callee, [], {}, inner), inner)
            return Unknown("default_factory")
    first = made.call.args[:1]
    if first and not (isinstance(first[0], ast.Constant) and first[0].value is ...):
        return values.at(first[0], inner)
    return None


def django(values: Values, key: str, frame: Frame) -> Value | None:
    """``settings.KEY`` of Django: from the settings module of the same project."""
    for path in _settings_paths(values, frame.scope):
        module = values.program.module(path)
        if module is not None and key in module.scope.bindings:
            return values.variable(module.scope, key, module.scope.bindings[key], frame.deeper(module.scope, {}))
    return None


def _settings_paths(values: Values, scope: Scope) -> list[str]:
    def is_settings_file(path: str) -> bool:
        folder, _, name = path.rpartition("/")
        return (
            name in ("settings.py", "config.py", "base.py", "common.py", "production.py", "prod.py")
            and (name in ("settings.py", "config.py") or folder.rpartition("/")[2] in ("settings", "config"))
        ) or path.endswith("/settings/__init__.py")

    ours = scope.module.path.split("/")
    found = [p for p in values.program.all_paths() if is_settings_file(p)]
    return sorted(found, key=lambda p: (-len(_common(ours, p.split("/"))), p))
