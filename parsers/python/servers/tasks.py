"""Task queues and schedules: Celery, RQ, dramatiq, huey, arq, APScheduler, schedule.

Source: Celery 5.6 ``app/base.py`` (``task``; a task's name is its module and function), dramatiq 1.17 ``actor.py``,
huey 2.5 ``api.py``, arq 0.26 ``worker.py`` (``WorkerSettings.functions``), RQ ``queue.py``, APScheduler 3.10.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from parsers.python import tasknames
from parsers.python.module import Scope
from parsers.python.routing import Found, Routing, argument
from parsers.python.servers import Server
from parsers.python.value import Items, Thing, settled

_TASK = frozenset({"task", "shared_task", "actor", "db_task", "job"})
_CRON = frozenset({"periodic_task", "db_periodic_task", "scheduled_job", "repeat_every", "cron"})


def _find(routing: Routing) -> Iterator[Found]:
    for scope, node, where in routing.decorators():
        kind = _kind(routing, scope, node, where)
        if kind is not None:
            yield _found(routing, scope, *kind)
    yield from _classes(routing)
    yield from _scheduled(routing)
    yield from _arq(routing)


def _kind(routing: Routing, scope: Scope, node: ast.expr, where: Scope) -> tuple[str, str] | None:
    """Framework and kind of a decorated function."""
    if not scope.is_function:
        return None
    framework = tasknames.framework(routing.values, node, where)
    if framework is None:
        return None
    last = tasknames.last(node)
    if last in _CRON:
        return framework, "cron"
    return (framework, "task") if last in _TASK else None


def _found(routing: Routing, scope: Scope, framework: str, kind: str) -> Found:
    route = tasknames.name_of(routing.values, scope)
    return Found(framework, kind, "*", route, routing.thing(scope), scope.module.span(scope.node))


def _classes(routing: Routing) -> Iterator[Found]:
    """``class Send(celery.Task): def run(self, ...)``."""
    for cls in routing.values.sites.classes():
        names = routing.values.program.base_names(cls)
        if any(n in ("celery.Task", "celery.app.task.Task") or n.endswith("celery.Task") for n in names):
            for _, method in routing.methods_of(cls, ["run"]):
                yield _found(routing, method, "celery", "task")


def _scheduled(routing: Routing) -> Iterator[Found]:
    """``scheduler.add_job(f, "interval", minutes=5)``, ``schedule.every(5).minutes.do(f)``."""
    for call, scope in routing.calls("add_job", "do"):
        name = "add_job" if isinstance(call.func, ast.Attribute) and call.func.attr == "add_job" else "do"
        text = scope.module.text
        if ("apscheduler" if name == "add_job" else "schedule") not in text:
            continue
        for thing in routing.things(routing.evaluate(argument(call, 0, "func", "job_func"), scope)):
            if thing.name.scope is not None and thing.name.scope.is_function:
                framework = "apscheduler" if name == "add_job" else "schedule"
                target = thing if thing.receiver is not None else routing.thing(thing.name.scope)
                span = thing.name.scope.module.span(thing.name.scope.node)
                yield Found(framework, "cron", "*", thing.name.scope.symbol, target, span)


def _arq(routing: Routing) -> Iterator[Found]:
    for cls in routing.values.sites.classes():
        if cls.name != "WorkerSettings":
            continue
        for attr, kind in (("functions", "task"), ("cron_jobs", "cron")):
            value = routing.values.attribute(Thing(routing.thing(cls).name), attr, routing.frame(cls))
            items = settled(value)
            for item in items.items if isinstance(items, Items) else ():
                for thing in routing.things(item):
                    if thing.name.scope is not None and thing.name.scope.is_function:
                        yield _found(routing, thing.name.scope, "arq", kind)


TASKS = Server("tasks", ("celery", "dramatiq", "huey", "arq", "rq", "apscheduler", "schedule"), _find)
