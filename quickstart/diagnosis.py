"""What a person would look at first when the path does not end in a conversation."""

from __future__ import annotations

from quickstart import release, sample
from quickstart.commands import Commands, StepError

LOG_LINES = "--tail=20"


def diagnose(commands: Commands, namespaces: tuple[str, ...] = (sample.NAMESPACE,)) -> str:
    """The resource, its pods, events and logs, and the operator's log; what cannot be read is left out."""
    operator = ("logs", "-n", release.NAMESPACE, f"deployment/{release.DEPLOYMENT}", LOG_LINES, "--all-pods")
    questions: list[tuple[str, ...]] = [("get", "pods", "-n", release.NAMESPACE, "-o", "wide"), operator]
    for namespace in namespaces:
        of = ("-n", namespace)
        questions += [
            ("get", "voicedeployments,deployments,pods,ingresses,services,hpa", *of, "-o", "wide"),
            ("describe", "voicedeployments", *of),
            ("get", "events", *of, "--sort-by=.lastTimestamp"),
            ("logs", *of, "-l", "app.kubernetes.io/managed-by=parley", LOG_LINES, "--prefix"),
        ]
    return "\n".join(_answer(commands, question) for question in questions)


def _answer(commands: Commands, question: tuple[str, ...]) -> str:
    heading = f"--- kubectl {' '.join(question)}"
    try:
        return f"{heading}\n{commands.read('kubectl', *question, timeout=20.0).rstrip()}"
    except StepError as error:
        return f"{heading}\n{error.reason}"
