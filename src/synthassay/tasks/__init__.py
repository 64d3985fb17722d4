"""One task per file: what goes into a generator, and how what comes out becomes images of a case."""

from synthassay.tasks.base import TASKS, Request, Task

__all__ = ["TASKS", "Request", "Task"]
