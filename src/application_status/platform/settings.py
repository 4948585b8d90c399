"""Read a function's settings from its environment variables.

Each Lambda module reads its settings once, at start. The function does not start if a setting is missing or wrong.
"""

from collections.abc import Mapping

from application_status.platform.errors import SettingsError


def read[Settings](kind: type[Settings], environ: Mapping[str, str]) -> Settings:
    """Read the fields of a named tuple, each from the environment variable with its name in capitals.

    Raises:
        SettingsError: a variable is missing or wrong; the message names all of them.
    """
    values, wrong = {}, []
    for name, of in kind.__annotations__.items():
        variable = name.upper()
        text = environ.get(variable, "")
        if not text:
            wrong.append(f"{variable} is missing")
            continue
        try:
            values[name] = of(text)  # str, int, ZoneInfo and enums can be made from the text
        except (ValueError, LookupError, OSError):
            wrong.append(f"{variable}={text} is not a {of.__name__}")
    if wrong:
        raise SettingsError(f"{kind.__name__}: {'; '.join(wrong)}")
    return kind(**values)


def is_started_ahead(environ: Mapping[str, str]) -> bool:
    """Return whether Lambda starts the function before a request needs it: for a snapshot or provisioned concurrency.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    return environ.get("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand") != "on-demand"
